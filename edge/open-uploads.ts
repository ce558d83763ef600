import { randomUUID } from 'node:crypto';
import type { Images } from '../core/images.ts';
import { locateByS3Key } from '../core/locate-image.ts';
import { createUploads, type Uploads } from '../core/uploads.ts';
import type { AwsEnvironment } from './config.ts';

/**
 * Uploads to a bucket. The SDK of AWS is loaded when somebody uploads or removes: it would be most
 * of what a start has to read, and a search needs none of it.
 */
export function openUploads(parts: {
  readonly bucket: string;
  readonly aws: AwsEnvironment;
  readonly images: Pick<Images, 'get'>;
}): Uploads {
  let opened: Promise<Uploads> | undefined;
  const open = () => (opened ??= load(parts));
  return {
    create: async (request, context) => (await open()).create(request, context),
    remove: async (id, context) => (await open()).remove(id, context),
  };
}

async function load({ bucket, aws, images }: Parameters<typeof openUploads>[0]): Promise<Uploads> {
  const [{ createS3Client, needsPathStyle }, { createS3Objects }, { createS3Uploads }] =
    await Promise.all([
      import('../adapters/s3-client.ts'),
      import('../adapters/s3-objects.ts'),
      import('../adapters/s3-uploads.ts'),
    ]);
  const client = createS3Client({ pathStyle: needsPathStyle(aws) });
  return createUploads({
    target: createS3Uploads({ bucket, client }),
    objects: createS3Objects({ bucket, client }),
    locate: locateByS3Key(images),
    newId: randomUUID,
  });
}

/**
 * Where forms for the bucket are posted to, by the same rules as in the SDK: what a page must be
 * allowed to send to. None where nobody said which region.
 */
export function uploadOrigins(bucket: string, aws: AwsEnvironment): string[] {
  const endpoint = aws.AWS_ENDPOINT_URL_S3 ?? aws.AWS_ENDPOINT_URL;
  if (endpoint !== undefined) return [new URL(endpoint).origin];
  const region = aws.AWS_REGION;
  if (region === undefined) return [];
  const [, domain] = domains.find(([start]) => region.startsWith(start)) ?? [];
  const host = `s3.${region}.${domain ?? 'amazonaws.com'}`;
  // A name with dots fits no certificate of AWS's.
  return [bucket.includes('.') ? `https://${host}` : `https://${bucket}.${host}`];
}

const domains = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
] as const;
