import type { S3Client } from '@aws-sdk/client-s3';
import { type AwsServer, startAws } from './aws-server.ts';

/** A server that speaks S3, on a port of its own, until the tests of the file are over. */
export async function startS3(): Promise<
  Pick<AwsServer, 'url' | 'createBucket'> & { readonly client: S3Client }
> {
  const { url, s3, createBucket } = await startAws();
  return { url, client: s3, createBucket };
}
