import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { imageId } from '../core/image-id.ts';
import { formatObjectMessage } from '../core/object-event.ts';
import { ownPrefix, reconcilePrefix, rejectKey, thumbnailKey } from '../core/own-keys.ts';
import type { VectorStore } from '../core/ports.ts';
import type { ReconcileRun } from '../functions/reconcile/app.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { awsEnvironment } from './support/bucket.ts';
import { expectOk } from './support/expect-ok.ts';
import { createFakeEncoder } from './support/fake-encoder.ts';
import { pngOf } from './support/images.ts';
import { createIndexImagesWorld, type IndexImagesWorld } from './support/index-images-world.ts';
import { type LambdaProcess, startLambda } from './support/lambda-process.ts';
import { storeOptions } from './support/open-qdrant.ts';
import { runScript } from './support/processes.ts';
import { createPoint, randomVector } from './support/points.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { seededRandom } from './support/random.ts';
import { hasRedis, startRedis } from './support/redis-server.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const encoder = createFakeEncoder();

let bundle: string;
let aws: AwsServer;
let qdrant: RunningQdrant;
let store: VectorStore;
let world: IndexImagesWorld;
let collection: string;
let tests = 0;

beforeAll(async () => {
  // No folder above it has a node_modules.
  bundle = await temporaryDirectory();
  const { code, stderr } = await runScript('bundle', ['reconcile', '--out', bundle]);
  if (code !== 0) throw new Error(stderr);
  aws = await startAws();
  qdrant = await startQdrant();
});
afterAll(() => qdrant?.stop());

beforeEach(async () => {
  collection = `images-${(tests += 1)}`;
  const options = storeOptions(qdrant, { collection, model: encoder.model });
  store = expectOk(await createQdrantStore(options));
  world = await createIndexImagesWorld(aws, { store, encoder });
});

/** The handler as Lambda runs it, with the settings of a deployment. */
function start(env: Readonly<Record<string, string>> = {}) {
  return startLambda<unknown, ReconcileRun>(join(bundle, 'lambda.mjs'), {
    cwd: bundle,
    env: {
      ...awsEnvironment(aws),
      PICTURES_BUCKET: world.bucket.name,
      // Of the world of this test.
      QUEUE_URL: `${aws.url}/000000000000/pictures-${tests}`,
      RECONCILE_SETTLE_SECONDS: '1',
      QDRANT_HOST: qdrant.host,
      QDRANT_GRPC_PORT: String(qdrant.port),
      QDRANT_COLLECTION: collection,
      ...env,
    },
  });
}

/** A picture that is another one with every number. */
const picture = (number: number) => pngOf([200, 30, 40], 20 + number, 16);

const idOf = (key: string) => imageId(`${world.bucket.url}/${key}`);

async function upload(...keys: readonly string[]): Promise<void> {
  for (const [place, key] of keys.entries()) await world.bucket.put(key, await picture(place));
  await world.send(...formatObjectMessage(world.bucket.name, keys));
  await world.drain();
}

/** What there should be, by the bucket alone, and what there is. */
async function compare(bad: readonly string[]) {
  const objects = createS3Objects({ bucket: world.bucket.name, client: aws.s3 });
  const wanted = new Map<string, string>();
  for await (const item of objects.list()) {
    if (!item.ok) throw new Error(item.error.failure.detail);
    if (!bad.includes(item.value.key)) wanted.set(item.value.key, item.value.version);
  }
  const records = [...(await world.records()).values()].filter(
    ({ origin }) => origin.root === world.bucket.url,
  );
  const files = await world.bucket.keys(ownPrefix);
  return {
    wanted: {
      versions: wanted,
      files: [
        ...[...wanted.keys()].map((key) => thumbnailKey(idOf(key))),
        ...bad.map((key) => rejectKey(idOf(key))),
      ].toSorted(),
    },
    found: {
      versions: new Map(records.map(({ origin: { key, version } }) => [key, version])),
      files: files.filter((key) => !key.startsWith(reconcilePrefix)).toSorted(),
    },
  };
}

/** All that can happen to a bucket without anybody hearing of it. */
async function damage(): Promise<void> {
  const { bucket } = world;
  for (const [place, key] of ['new 1.png', 'sub/new+2.png', 'ünew.png'].entries()) {
    await bucket.put(key, await picture(100 + place));
  }
  await bucket.put('bad-unseen.png', 'nothing but text');
  await bucket.put('3.png', await picture(50));
  await bucket.put('bad.png', await picture(51));
  await bucket.put('4.png', 'a picture no more');
  for (const key of ['5.png', '6.png', 'bad-gone.png']) await bucket.remove(key);
  const s3 = (key: string) =>
    aws.s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: 'left' }));
  await s3(thumbnailKey(idOf('long gone.png')));
  await s3(rejectKey(idOf('long gone.png')));
  const vector = randomVector(seededRandom(1), encoder.model.dimensions);
  expectOk(await store.upsert([createPoint('77', vector)]));
}

describe('the reconcile function on S3, SQS and Qdrant', { timeout: 300_000 }, () => {
  let lambda: LambdaProcess<unknown, ReconcileRun> | undefined;
  const indexed = Array.from({ length: 9 }, (_, n) => `${n}.png`);

  async function run(env?: Record<string, string>, event: unknown = {}): Promise<ReconcileRun> {
    lambda = await start(env);
    try {
      return await lambda.invoke(event, 900_000);
    } finally {
      await lambda.stop();
    }
  }

  it('brings the index back to what the bucket is, exactly', async () => {
    await upload(...indexed);
    for (const key of ['bad.png', 'bad-too.png', 'bad-gone.png']) await world.bucket.put(key, key);
    await world.send(
      ...formatObjectMessage(world.bucket.name, ['bad.png', 'bad-too.png', 'bad-gone.png']),
    );
    await world.drain();
    const before = await compare(['bad.png', 'bad-too.png', 'bad-gone.png']);
    expect(before.found).toEqual(before.wanted);

    await damage();
    const report = await run();
    expect(report).toMatchObject({
      root: world.bucket.url,
      pictures: 13,
      missing: 5,
      stale: 2,
      rejected: 1,
      sent: 7,
      indexed: 9,
      otherRoots: 1,
      orphans: 2,
      leftovers: 3,
      finished: true,
      stopped: null,
    });
    await world.drain();
    const after = await compare(['4.png', 'bad-too.png', 'bad-unseen.png']);
    expect(after.found).toEqual(after.wanted);
    expect((await world.records()).size).toBe(11);
    expect(await world.dead()).toEqual([]);

    expect(await run()).toMatchObject({
      pictures: 13,
      missing: 0,
      stale: 0,
      rejected: 3,
      sent: 0,
      orphans: 0,
      leftovers: 0,
      finished: true,
    });
    const [first = ''] = await world.bucket.keys(reconcilePrefix);
    expect(JSON.parse(await world.bucket.read(first))).toEqual(report);
    expect(lambda?.output()).toContain('"msg":"Reconciled"');
    expect(lambda?.output()).toContain('"CloudWatchMetrics"');
  });

  it.skipIf(!hasRedis)(
    'ends the generation of the cache when it has removed something',
    async () => {
      await upload('1.png', '2.png');
      const redis = await startRedis();
      const key = `generation:${collection}`;
      const env = { REDIS_ENABLED: 'true', REDIS_PORT: String(redis.port) };
      onTestFinished(() => redis.stop());
      await redis.cli('set', key, 'now');
      expect(await run(env)).toMatchObject({ orphans: 0 });
      expect(await redis.cli('exists', key)).toContain('1');
      await world.bucket.remove('1.png');
      expect(await run(env)).toMatchObject({ orphans: 1 });
      expect(await redis.cli('exists', key)).toContain('0');
    },
  );

  it('removes nothing where the bucket cannot be listed', async () => {
    await upload('1.png', '2.png');
    const report = await run({ PICTURES_BUCKET: 'not-there' });
    expect(report).toMatchObject({ finished: false, step: 'listing', orphans: 0 });
    expect(report.stopped?.code).toBe('objects_unavailable');
    expect((await world.records()).size).toBe(2);
  });

  it('has no encoder in it', async () => {
    const code = await readFile(join(bundle, 'lambda.mjs'), 'utf8');
    expect(code).toContain('not valid');
    expect(code).not.toMatch(/onnxruntime|sharp\/lib/);
  });

  it('makes no index where there is none', async () => {
    const asked = run({ QDRANT_COLLECTION: 'nothing' });
    await expect(asked).rejects.toThrow('there is none of this name yet');
  });
});
