import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, expect, it } from 'vitest';
import type { UploadForm } from '../core/object-store.ts';
import { guardDoor } from '../scripts/local-aws/door.ts';
import { describeUploadTarget } from '../test/contracts/upload-target.ts';
import {
  type AwsServer,
  startAws,
  testCredentials,
  testRegion,
} from '../test/support/aws-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createS3Client } from './s3-client.ts';
import { createS3Objects } from './s3-objects.ts';
import { createS3Uploads } from './s3-uploads.ts';

let aws: AwsServer;
let buckets = 0;

beforeAll(async () => {
  // The server itself takes whatever comes.
  aws = await startAws((fauxqs) => guardDoor(fauxqs, { ...testCredentials, origins: () => [] }));
});

async function createBucket(): Promise<string> {
  const bucket = `uploads-${(buckets += 1)}`;
  await aws.createBucket(bucket);
  return bucket;
}

async function post({ url, fields }: UploadForm, file: Uint8Array): Promise<boolean> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob([Buffer.from(file)]));
  const answer = await fetch(url, { method: 'POST', body: form });
  await answer.arrayBuffer();
  return answer.ok;
}

describeUploadTarget('a bucket', {
  checks: true,
  async create() {
    const of = { bucket: await createBucket(), client: aws.s3 };
    return { target: createS3Uploads(of), objects: createS3Objects(of), post };
  },
});

const upload = { key: 'cats/a b+ü.png', contentType: 'image/webp', bytes: 3, expiresSeconds: 900 };

it('has S3 check the key, the type and the exact size', async () => {
  const bucket = await createBucket();
  const form = expectOk(await createS3Uploads({ bucket, client: aws.s3 }).permit(upload));
  expect(form.url).toBe(`${aws.url}/${bucket}`);
  const policy = JSON.parse(Buffer.from(form.fields['Policy'] ?? '', 'base64').toString());
  expect(policy.expiration).toBe(form.expiresAt);
  expect(policy.conditions).toContainEqual(['content-length-range', 3, 3]);
  expect(policy.conditions).toContainEqual({ key: upload.key });
  expect(policy.conditions).toContainEqual({ 'Content-Type': 'image/webp' });
  expect(policy.conditions).toContainEqual({ bucket });
  // S3 refuses fields that no condition speaks of.
  const named = policy.conditions.flatMap((one: object) => Object.keys(one));
  const signed = Object.keys(form.fields).filter(
    (name) => !/^(Policy|X-Amz-Signature)$/.test(name),
  );
  expect(named).toEqual(expect.arrayContaining(signed));
});

it('makes the object be of its type', async () => {
  const bucket = await createBucket();
  const form = expectOk(await createS3Uploads({ bucket, client: aws.s3 }).permit(upload));
  expect(await post(form, Buffer.from('abc'))).toBe(true);
  const at = { Bucket: bucket, Key: upload.key };
  expect(await aws.s3.send(new HeadObjectCommand(at))).toMatchObject({
    ContentType: 'image/webp',
    ContentLength: 3,
  });
});

it('has an address of its own for each bucket on AWS', async () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'token' };
  const client = createS3Client({ region: testRegion, credentials });
  const { url, fields } = expectOk(
    await createS3Uploads({ bucket: 'pictures', client }).permit(upload),
  );
  expect(url).toBe('https://pictures.s3.eu-central-1.amazonaws.com/');
  expect(fields['X-Amz-Security-Token']).toBe('token');
  client.destroy();
});

it('gives no form where nobody has credentials', async () => {
  const credentials = async (): Promise<never> => {
    throw new Error('nobody knows any');
  };
  const client = createS3Client({ region: testRegion, credentials });
  const failed = expectFailure(await createS3Uploads({ bucket: 'b', client }).permit(upload));
  expect(failed.code).toBe('objects_unavailable');
  expect(failed.detail).toContain('nobody knows any');
});
