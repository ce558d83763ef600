import { type Failure, failure } from '../../core/failure.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** The objects of a bucket whose key begins with the prefix. */
export interface BucketPart {
  readonly bucket: string;
  /** As it is: `animals` also has `animals2.jpg`. */
  readonly prefix: string;
}

/** Reads `s3://bucket` and `s3://bucket/prefix`. */
export function parseBucketUrl(url: string): Result<BucketPart, Failure> {
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(?:\/(.*))?$/s.exec(url) ?? [];
  if (bucket !== undefined) return ok({ bucket, prefix });
  const detail = `Cannot tell the bucket as it must be s3://bucket or s3://bucket/prefix: ${url}`;
  return err(failure('invalid_field', detail));
}
