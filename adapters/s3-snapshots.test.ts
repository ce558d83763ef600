import { beforeAll, expect, it } from 'vitest';
import { describeSnapshotPlace } from '../test/contracts/snapshot-place.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { startS3 } from '../test/support/s3-server.ts';
import { createS3Snapshots } from './s3-snapshots.ts';

let s3: Awaited<ReturnType<typeof startS3>>;
let buckets = 0;

beforeAll(async () => {
  s3 = await startS3();
});

async function createBucket(): Promise<string> {
  const bucket = `bucket-${(buckets += 1)}`;
  await s3.createBucket(bucket);
  return bucket;
}

describeSnapshotPlace('a bucket', async () =>
  createS3Snapshots({ bucket: await createBucket(), client: s3.client }),
);

describeSnapshotPlace('a prefix of a bucket', async () => {
  const [bucket, { client }] = [await createBucket(), s3];
  async function* other(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('of others');
  }
  for (const name of ['a/b', 'kept/mine-too', 'kept/min']) {
    expectOk(await createS3Snapshots({ bucket, client }).put(name, other()));
  }
  return createS3Snapshots({ bucket, prefix: 'kept/mine', client });
});

it('says what is wrong with a bucket that is not there', async () => {
  const place = createS3Snapshots({ bucket: 'nowhere', prefix: 'x', client: s3.client });
  expect(place.location).toBe('s3://nowhere/x');
  const failed = expectFailure(await place.list());
  expect(failed.code).toBe('store_unavailable');
  expect(failed.detail).toMatch(/^Cannot list s3:\/\/nowhere\/x as .*bucket/);
});
