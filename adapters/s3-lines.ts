import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { readAwsError } from './aws-requests.ts';

export interface S3LinesOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
}

/** Lines of JSON that become one object of a bucket. */
export interface S3Lines {
  /** `s3://bucket/key`. */
  readonly location: string;
  /** Waits while S3 is slower. Once the object can't be written, `finish` says so. */
  add(values: readonly unknown[]): Promise<void>;
  /** The object appears whole, or not at all. Fails with `objects_unavailable`. */
  finish(): Async<void>;
}

/** S3 takes 10,000 parts: up to 78 GiB of lines. One part is collected while another is on its way. */
const partBytes = 8 * 2 ** 20;

/** Sent part by part, so that a million lines need no more memory than a part or two. */
export function createS3Lines({ client, bucket, key }: S3LinesOptions): S3Lines {
  const location = `s3://${bucket}/${key}`;
  const body = new PassThrough();
  const params = { Bucket: bucket, Key: key, Body: body, ContentType: 'application/x-ndjson' };
  const upload = new Upload({ client, params, partSize: partBytes, queueSize: 1 });
  let cause: unknown;
  const uploaded = upload.done().then(
    () => true,
    (error: unknown) => {
      cause = error;
      // Nobody reads any more: whoever writes must not wait.
      body.destroy();
      return false;
    },
  );
  return {
    location,
    async add(values) {
      const text = values.map((value) => `${JSON.stringify(value)}\n`).join('');
      if (text === '' || body.destroyed || body.write(text)) return;
      await Promise.race([once(body, 'drain'), uploaded]);
    },
    async finish() {
      if (!body.destroyed) body.end();
      if (await uploaded) return ok(undefined);
      const { says } = readAwsError(cause, 'S3');
      const detail = `Cannot write what became of every picture as ${says}: ${location}`;
      return err(failure('objects_unavailable', detail, { cause }));
    },
  };
}
