import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import type { ReconcileRun } from '../functions/reconcile/app.ts';
import type { SnapshotRun } from '../functions/snapshot/tell-run.ts';
import { writeBundle } from '../scripts/bundle-files.ts';
import { bundleTargets } from '../scripts/bundle-targets.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { awsEnvironment, createTestBucket, type TestBucket } from './support/bucket.ts';
import { expectOk } from './support/expect-ok.ts';
import { startLambda } from './support/lambda-process.ts';
import { storeOptions } from './support/open-qdrant.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { type SecretsServer, startSecrets } from './support/secrets-server.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();

/** The bundle of a function in a folder that has nothing else, below none that has a node_modules. */
async function bundle(name: string) {
  const directory = await temporaryDirectory();
  const target = bundleTargets[name];
  if (target === undefined) throw new Error(`There is no function ${name}`);
  return { directory, chunks: await writeBundle(target, directory) };
}

describe.each(Object.entries(bundleTargets))('the bundle of %s', (name, { entry, native }) => {
  let bundled: Awaited<ReturnType<typeof bundle>>;
  beforeAll(async () => {
    bundled = await bundle(name);
  });

  it('imports what it brings, what Node has, and packages with native files alone', () => {
    const own = new Set(bundled.chunks.map(({ fileName }) => fileName));
    const others = bundled.chunks
      .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
      .filter((imported) => !own.has(imported) && !isBuiltin(imported));
    expect(new Set(others)).toEqual(new Set(native));
    expect(own).toContain('lambda.mjs');
  });

  it('names its sources from the root of the project, so that it is the same wherever it is made', async () => {
    const map = await readFile(join(bundled.directory, 'lambda.mjs.map'), 'utf8');
    const { sources } = JSON.parse(map) as { readonly sources: readonly string[] };
    expect(sources).toContain(entry);
    expect(sources.filter((source) => source.startsWith('/') || source.includes('..'))).toEqual([]);
  });
});

describe('the functions that run every night, in a bare folder', () => {
  let aws: AwsServer;
  let pictures: TestBucket;
  let qdrant: RunningQdrant;
  let secrets: SecretsServer;
  beforeAll(async () => {
    aws = await startAws();
    pictures = await createTestBucket(aws);
    qdrant = await startQdrant({ apiKey: 'a-key-of-qdrant', restPort: 0 });
    secrets = await startSecrets({ 'qdrant-key': 'a-key-of-qdrant' });
    const { host, port } = qdrant;
    const address = { host, port, apiKey: 'a-key-of-qdrant' };
    await expectOk(await createQdrantStore(storeOptions(qdrant, { address }))).close();
  });
  afterAll(async () => {
    await qdrant?.stop();
    await secrets?.close();
  });

  const environment = () => ({
    ...awsEnvironment(aws),
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    SECRETS: JSON.stringify({ QDRANT_API_KEY: 'qdrant-key' }),
    QDRANT_HOST: qdrant.host,
    QDRANT_PORT: String(qdrant.restPort),
    QDRANT_GRPC_PORT: String(qdrant.port),
  });

  it('reconcile compares the bucket with an index that wants its key', async () => {
    const queue = await aws.createQueue('queue');
    await pictures.put('new.png', 'a picture that nobody has told of');
    const { directory: cwd } = await bundle('reconcile');
    const lambda = await startLambda<unknown, ReconcileRun>(join(cwd, 'lambda.mjs'), {
      cwd,
      env: {
        ...environment(),
        PICTURES_BUCKET: pictures.name,
        QUEUE_URL: queue.url,
        RECONCILE_SETTLE_SECONDS: '0',
      },
    });
    expect(await lambda.invoke({}, 300_000)).toMatchObject({
      pictures: 1,
      missing: 1,
      finished: true,
    });
    expect(await pictures.keys('.picture-search/reconcile/')).toHaveLength(1);
    expect(lambda.output()).not.toContain('a-key-of-qdrant');
    await lambda.stop();
  });

  it('snapshot copies the index', async () => {
    const copies = await createTestBucket(aws);
    const { directory: cwd } = await bundle('snapshot');
    const env = { ...environment(), SNAPSHOTS_BUCKET: copies.name };
    const lambda = await startLambda<unknown, SnapshotRun>(join(cwd, 'lambda.mjs'), { cwd, env });
    expect(await lambda.invoke({}, 300_000)).toMatchObject({ action: 'create', finished: true });
    expect((await copies.keys('nightly/')).length).toBeGreaterThan(0);
    await lambda.stop();
  });

  it.each(['reconcile', 'snapshot'])('%s does not start without its secret', async (name) => {
    const { directory: cwd } = await bundle(name);
    const SECRETS = JSON.stringify({ QDRANT_API_KEY: 'gone' });
    const started = startLambda(join(cwd, 'lambda.mjs'), {
      cwd,
      env: { ...environment(), SECRETS },
    });
    await expect(started).rejects.toThrow(
      /^Error: Cannot start as QDRANT_API_KEY can't be read from its secret \(Secrets Manager says ResourceNotFoundException: .*\): gone$/m,
    );
  });
});
