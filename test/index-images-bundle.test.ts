import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import { createSqsQueue } from '../adapters/sqs-queue.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import { imageId } from '../core/image-id.ts';
import { readModelDirectory } from '../adapters/model-directory.ts';
import { type AwsServer, startAws, type TestQueue } from './support/aws-server.ts';
import { awsEnvironment, createTestBucket, type TestBucket } from './support/bucket.ts';
import { copies, readStages, root, stageOf } from './support/dockerfile.ts';
import { expectOk } from './support/expect-ok.ts';
import { colours, encodeImage, plain } from './support/images.ts';
import { type LambdaProcess, startLambda } from './support/lambda-process.ts';
import { storeOptions, testModel } from './support/open-qdrant.ts';
import { runScript } from './support/processes.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { hasRedis, startRedis } from './support/redis-server.ts';
import { failedIds, sqsEvent } from './support/sqs-events.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
let directory: string;
let aws: AwsServer;
let bucket: TestBucket;
let dead: TestQueue;
let qdrant: RunningQdrant;

beforeAll(async () => {
  // No folder above it has a node_modules, or a model.
  directory = await temporaryDirectory();
  const bundled = await runScript('bundle', ['index-images', '--out', directory]);
  if (bundled.code !== 0) throw new Error(bundled.stderr);
  await copyPackages();
  await cp(join(root, 'models/demo'), join(directory, 'model'), { recursive: true });
  aws = await startAws();
  bucket = await createTestBucket(aws);
  dead = await aws.createQueue('dead-letters');
  qdrant = await startQdrant();
});
afterAll(() => qdrant?.stop());

/** What the image has beside the bundle, as its Dockerfile says, without other platforms. */
async function copyPackages(): Promise<void> {
  const image = stageOf(readStages('functions/index-images/Dockerfile'), 'function');
  const packages = copies(image).filter(({ from }) => from === 'packages');
  expect(packages.length).toBeGreaterThan(3);
  for (const { source, target } of packages) {
    const from = join(root, source.replace('/app/', ''));
    await cp(from, join(directory, target.replace('/var/task/', '')), {
      recursive: true,
      filter: (path) => !/napi-v\d+\/(?!linux$|linux\/x64)/.test(path) || process.arch !== 'x64',
    });
  }
}

function start(env: Readonly<Record<string, string>> = {}) {
  return startLambda<SQSEvent, SQSBatchResponse>(join(directory, 'lambda.mjs'), {
    cwd: directory,
    env: {
      ...awsEnvironment(aws),
      PICTURES_BUCKET: bucket.name,
      DEAD_LETTER_QUEUE_URL: dead.url,
      MODEL_DIR: 'model',
      QDRANT_HOST: qdrant.host,
      QDRANT_GRPC_PORT: String(qdrant.port),
      ...env,
    },
  });
}

async function openStore(collection = 'images') {
  const { manifest, revision } = expectOk(await readModelDirectory(join(root, 'models/demo')));
  const model = { id: manifest.id, revision, dimensions: manifest.dimensions };
  return expectOk(await createQdrantStore(storeOptions(qdrant, { collection, model })));
}

const about = (...keys: readonly string[]) => JSON.stringify({ bucket: bucket.name, keys });

describe('the bundle of the indexing function', () => {
  it('has all but the packages with native files, and the thread beside it', async () => {
    const files = await readdir(directory);
    expect(files).toEqual(
      expect.arrayContaining(['lambda.mjs', 'onnx-session-worker.mjs', 'models']),
    );
    const map = JSON.parse(await readFile(join(directory, 'lambda.mjs.map'), 'utf8'));
    const { sources } = map as { sources: string[] };
    for (const part of ['@aws-sdk/client-s3/', 'functions/batch.ts', 'ioredis/']) {
      expect(sources.some((source) => source.includes(part))).toBe(true);
    }
    const foreign =
      /node_modules\/(onnxruntime|sharp|@img|@zvec|prom-client)|^(edge|gpu-service|scripts|test)\//;
    expect(sources.filter((source) => foreign.test(source))).toEqual([]);
    const code = await readFile(join(directory, 'lambda.mjs'), 'utf8');
    expect(code).not.toMatch(/onnx-session-worker\.ts|\.\.\/models/);
  });
});

describe('the bundled handler, without this project', () => {
  let lambda: LambdaProcess<SQSEvent, SQSBatchResponse>;
  beforeAll(async () => {
    lambda = await start();
  });
  afterAll(() => lambda?.stop());

  it('indexes what is uploaded, with its thumbnail, and removes what is gone', async () => {
    await bucket.put('colours/red.png', await encodeImage(plain(colours.red), 'png'));
    await bucket.put('colours/bad.png', 'no picture');
    const event = sqsEvent([
      { body: about('colours/red.png') },
      { body: about('colours/bad.png') },
    ]);
    expect(failedIds(await lambda.invoke(event))).toEqual([]);
    const store = await openStore();
    const id = imageId(`${bucket.url}/colours/red.png`);
    const [record] = expectOk(await store.get([id]));
    expect(record?.metadata).toMatchObject({ category: 'colours', type: 'image/png' });
    expect(await bucket.keys(thumbnailKey(id))).toHaveLength(1);
    await bucket.remove('colours/red.png');
    expect(failedIds(await lambda.invoke(sqsEvent([{ body: about('colours/red.png') }])))).toEqual(
      [],
    );
    expect(expectOk(await store.get([id]))).toEqual([]);
    expect(await bucket.keys(thumbnailKey(id))).toEqual([]);
    await store.close();
  });

  it('sends what it cannot use to the dead letters, and says so', async () => {
    const event = sqsEvent([
      { body: 'none', receives: 2 },
      { body: 'none', receives: 3 },
    ]);
    expect(failedIds(await lambda.invoke(event))).toEqual(['message-0']);
    const queue = createSqsQueue({ url: dead.url, client: aws.sqs });
    const [letter] = expectOk(await queue.receive({ hideSeconds: 60 }));
    expect(letter).toMatchObject({
      body: 'none',
      reason: expect.stringMatching(/^message_unusable: /),
    });
  });

  it('writes metrics for CloudWatch and a line of the log, and no secret', async () => {
    await lambda.invoke(sqsEvent([{ body: about('nowhere.png') }]));
    const lines = lambda
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines.findLast((line) => '_aws' in line)).toMatchObject({
      service: 'index-images',
      environment: 'development',
      messages: 1,
    });
    expect(lines.at(-1)).toMatchObject({ messages: 1, done: 1, msg: 'A batch of messages' });
    expect(lambda.output()).not.toContain(awsEnvironment(aws)['AWS_SECRET_ACCESS_KEY'] ?? '???');
  });

  it('refuses an event that is none of a queue, and goes on', async () => {
    const { code } = await invokeWrong();
    expect(code).not.toBe(0);
    expect(failedIds(await lambda.invoke(sqsEvent([])))).toEqual([]);
  });

  /** The runtime of the tests ends with an error that the handler throws; Lambda's reports it. */
  async function invokeWrong(): Promise<{ code: number | null }> {
    const other = await start();
    const ended = new Promise<number | null>((resolve) => other.process.once('exit', resolve));
    await expect(other.invoke({} as SQSEvent)).rejects.toThrow(/no event of SQS/);
    return { code: await ended };
  }
});

describe('a start that fails', () => {
  it.each([
    [{ PICTURES_BUCKET: '' }, /^Error: Cannot start as .*: PICTURES_BUCKET: /m],
    [{ MODEL_DIR: 'nowhere' }, /^Error: Cannot load the model .*nowhere/m],
    [
      { CLIP_MODEL_NAME: 'ViT-B-32' },
      /^Error: .* ask for ViT-B-32, but MODEL_DIR has another model: demo$/m,
    ],
    [{ QDRANT_GRPC_PORT: '9' }, /^Error: Cannot ask Qdrant as it does not answer/m],
    [
      { ENCODER_URL: 'http://127.0.0.1:9' },
      /^Error: Cannot encode as .*http:\/\/127\.0\.0\.1:9\//m,
    ],
  ])('says why, and ends (%o)', async (env, reason) => {
    await expect(start(env)).rejects.toThrow(reason);
  });

  it('is that on the index of another model', async () => {
    const options = storeOptions(qdrant, { collection: 'others', model: testModel });
    await expectOk(await createQdrantStore(options)).close();
    await expect(start({ QDRANT_COLLECTION: 'others' })).rejects.toThrow(
      /^Error: Cannot .*test\/Model-1/m,
    );
  });
});

describe.skipIf(!hasRedis)('the bundled handler with Redis', () => {
  it('ends the generation of the cached answers', async () => {
    const redis = await startRedis();
    const env = { REDIS_ENABLED: 'true', REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) };
    const lambda = await start({ ...env, REDIS_TIMEOUT_MS: '2000', QDRANT_COLLECTION: 'images' });
    await redis.cli('set', 'generation:images', 'before');
    await bucket.put('blue.png', await encodeImage(plain(colours.blue), 'png'));
    expect(failedIds(await lambda.invoke(sqsEvent([{ body: about('blue.png') }])))).toEqual([]);
    expect(await redis.cli('exists', 'generation:images')).toBe('0');
    await lambda.stop();
    await redis.stop();
  });
});
