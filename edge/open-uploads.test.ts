import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createS3Client } from '../adapters/s3-client.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createImages } from '../core/images.ts';
import {
  type AwsServer,
  startAws,
  testCredentials,
  testRegion,
} from '../test/support/aws-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { requestContext } from '../test/support/request-context.ts';
import { pointOf } from '../test/support/uploads.ts';
import { openUploads, uploadOrigins } from './open-uploads.ts';

const bucket = 'pictures';
const set = {
  AWS_REGION: testRegion,
  AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
};

describe('uploads of the edge', () => {
  let aws: AwsServer;
  beforeAll(async () => {
    aws = await startAws();
    await aws.createBucket(bucket);
    // The SDK reads them itself.
    const environment = Object.entries({ ...set, AWS_ENDPOINT_URL_S3: aws.url });
    for (const [name, value] of environment) vi.stubEnv(name, value);
  });
  afterAll(() => void vi.unstubAllEnvs());

  it('go to the bucket and are removed from it, as the environment of AWS says', async () => {
    const store = createMemoryStore({ dimensions: 2 });
    const images = createImages({
      store,
      modelId: 'fake',
      urlsOf: () => ({ url: '', thumbnail_url: null }),
    });
    const uploads = openUploads({ bucket, aws: { AWS_ENDPOINT_URL_S3: aws.url }, images });
    const request = {
      file_name: 'dog.jpg',
      content_type: 'image/jpeg',
      size: 3,
      category: null,
    } as const;
    const { id, key, url, fields } = expectOk(await uploads.create(request, requestContext()));
    expect(new URL(url).origin).toBe(new URL(aws.url).origin);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob(['dog']));
    expect((await fetch(url, { method: 'POST', body: form })).status).toBe(204);
    const head = new HeadObjectCommand({ Bucket: bucket, Key: key });
    expect((await aws.s3.send(head)).ContentLength).toBe(3);
    expect(expectFailure(await uploads.remove(id, requestContext())).code).toBe('not_found');
    expectOk(await store.upsert([pointOf(`s3://${bucket}`, key, id)]));
    expect(expectOk(await uploads.remove(id, requestContext()))).toEqual({ id });
    await expect(aws.s3.send(head)).rejects.toMatchObject({ name: 'NotFound' });
  });
});

describe('the origin that forms are posted to', () => {
  it.each([
    ['eu-central-1', 'pictures'],
    ['us-east-1', 'pictures'],
    ['us-gov-west-1', 'pictures'],
    ['cn-north-1', 'pictures'],
    ['eusc-de-east-1', 'pictures'],
    ['eu-central-1', 'pictures.example.com'],
  ])('is in %s for %s the one of the SDK', async (region, name) => {
    const client = createS3Client({ region, credentials: testCredentials });
    const { url } = await createPresignedPost(client, { Bucket: name, Key: 'k' });
    expect(uploadOrigins(name, { AWS_REGION: region })).toEqual([new URL(url).origin]);
    client.destroy();
  });

  it('is that of another server where there is one, and none where nobody knows', () => {
    const beside = { AWS_ENDPOINT_URL: 'http://localhost:4566/x', AWS_REGION: 'eu-central-1' };
    expect(uploadOrigins(bucket, beside)).toEqual(['http://localhost:4566']);
    expect(uploadOrigins(bucket, {})).toEqual([]);
  });
});
