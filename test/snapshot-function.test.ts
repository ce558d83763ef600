import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import type { SnapshotRun } from '../functions/snapshot/tell-run.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { awsEnvironment } from './support/bucket.ts';
import { expectOk } from './support/expect-ok.ts';
import { startLambda } from './support/lambda-process.ts';
import { storeOptions, testModel } from './support/open-qdrant.ts';
import { createPoint, randomVector } from './support/points.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { seededRandom } from './support/random.ts';

const root = path.join(import.meta.dirname, '..');
const apiKey = 'secret';
let aws: AwsServer;
let qdrant: RunningQdrant;

beforeAll(async () => {
  aws = await startAws();
  await aws.createBucket('copies');
  qdrant = await startQdrant({ restPort: 0, apiKey });
});
afterAll(() => qdrant.stop());

function start(env: Readonly<Record<string, string>> = {}) {
  const main = path.join(root, 'functions/snapshot/main.ts');
  return startLambda<unknown, SnapshotRun>(main, {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
      ...awsEnvironment(aws),
      SNAPSHOTS_BUCKET: 'copies',
      QDRANT_HOST: qdrant.host,
      QDRANT_PORT: String(qdrant.restPort),
      QDRANT_GRPC_PORT: String(qdrant.port),
      QDRANT_API_KEY: apiKey,
      ENVIRONMENT: 'test',
      ...env,
    },
  });
}

async function openIndex() {
  const address = { host: qdrant.host, port: qdrant.port, apiKey };
  return expectOk(await createQdrantStore(storeOptions(qdrant, { address })));
}

describe('the snapshot function as a process', () => {
  it('copies the index, brings it back, and measures what it did', async () => {
    const index = await openIndex();
    const random = seededRandom(1);
    const points = ['1', '2', '3'].map((id) =>
      createPoint(id, randomVector(random, testModel.dimensions)),
    );
    expectOk(await index.upsert(points));
    const lambda = await start();
    const made = await lambda.invoke({}, 600_000);
    expect(made).toMatchObject({ finished: true, vectors: 3, removed: [] });
    const line = lambda
      .output()
      .split('\n')
      .find((text) => text.includes('"_aws"'));
    expect(JSON.parse(line ?? '')).toMatchObject({
      service: 'snapshot',
      environment: 'test',
      finished: 1,
      vectors: 3,
    });
    expectOk(await index.remove(['1', '2']));
    await index.close();
    const restored = await lambda.invoke({ restore: made.name }, 600_000);
    expect(restored).toMatchObject({ action: 'restore', finished: true, vectors: 3 });
    const again = await openIndex();
    expect(expectOk(await again.count())).toBe(3);
    await again.close();
    await lambda.stop();
  });

  it('says which setting is wrong, and does not start', async () => {
    await expect(start({ SNAPSHOTS_BUCKET: 's3://copies' })).rejects.toThrow(
      'SNAPSHOTS_BUCKET: must be the name of a bucket',
    );
  });
});
