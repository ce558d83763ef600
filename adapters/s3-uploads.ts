import type { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import * as z from 'zod';
import { failure } from '../core/failure.ts';
import type { UploadForm, UploadTarget } from '../core/object-store.ts';
import { err } from '../core/result.ts';
import { callAws, readAwsError } from './aws-requests.ts';
import { isUploadKey } from './upload-key.ts';

export interface S3UploadsOptions {
  readonly bucket: string;
  /** Its credentials sign the form: it may do what they may do, and ends when they end. */
  readonly client: S3Client;
}

/** Nothing is asked of S3: what may take time is to find credentials. */
const deadlineMs = 10_000;

const Policy = z.object({ expiration: z.string() });

/** Forms that S3 itself accepts, with exactly what was agreed: presigned POSTs. */
export function createS3Uploads({ bucket, client }: S3UploadsOptions): UploadTarget {
  const root = `s3://${bucket}`;
  return {
    root,
    async permit({ key, contentType, bytes, expiresSeconds }) {
      const location = `${root}/${key}`;
      if (!isUploadKey(key)) {
        const detail = `Cannot permit the upload as S3 would change its key: ${location}`;
        return err(failure('invalid_field', detail));
      }
      const explain = (cause: unknown) => {
        const { says } = readAwsError(cause, 'AWS');
        const detail = `Cannot permit the upload as ${says}: ${location}`;
        return failure('objects_unavailable', detail, { cause });
      };
      return callAws({ deadlineMs, explain }, async (): Promise<UploadForm> => {
        const { url, fields } = await createPresignedPost(client, {
          Bucket: bucket,
          Key: key,
          // Fields become conditions, and so does the key.
          Fields: { 'Content-Type': contentType },
          Conditions: [['content-length-range', bytes, bytes]],
          Expires: expiresSeconds,
        });
        const policy = Buffer.from(fields['Policy'] ?? '', 'base64').toString();
        return { url, fields, expiresAt: Policy.parse(JSON.parse(policy)).expiration };
      });
    },
  };
}
