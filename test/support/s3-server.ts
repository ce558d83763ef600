import { S3Client, CreateBucketCommand } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { afterAll } from 'vitest';

/** A server that speaks S3, on a port of its own, until the tests of the file are over. */
export async function startS3(): Promise<{
  readonly url: string;
  readonly client: S3Client;
  createBucket(name: string): Promise<void>;
}> {
  const app = buildApp({ logger: false });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = new S3Client({
    endpoint: url,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  afterAll(async () => {
    client.destroy();
    await app.close();
  });
  return {
    url,
    client,
    async createBucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
    },
  };
}
