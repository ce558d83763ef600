import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import type { StoredObject } from '../core/object-store.ts';
import { err, ok, type Result } from '../core/result.ts';
import { callAws } from './aws-requests.ts';
import { objectFailure } from './s3-failure.ts';
import { objectInfo } from './s3-object-info.ts';
import type { S3Bucket } from './s3-objects.ts';

/** The bytes, and what S3 said of just these. */
export async function readObject(
  bucket: S3Bucket,
  key: string,
  signal?: AbortSignal,
): Async<StoredObject> {
  const { deadlineMs, root } = bucket;
  const explain = (cause: unknown) => objectFailure('read the object', `${root}/${key}`, cause);
  const read = await callAws({ deadlineMs, signal, explain }, async (abortSignal) => {
    // The SDK tries again what is not answered, but not what breaks off halfway.
    const first = await readOnce(bucket, key, abortSignal);
    if (!('broken' in first)) return first;
    if (abortSignal.aborted) throw first.broken;
    const second = await readOnce(bucket, key, abortSignal);
    if ('broken' in second) throw second.broken;
    return second;
  });
  return read.ok ? read.value : read;
}

/** Throws what S3 refuses. `broken`: why the bytes ended too early. */
async function readOnce(
  { bucket, client, root }: S3Bucket,
  key: string,
  abortSignal: AbortSignal,
): Promise<Result<StoredObject, Failure> | { readonly broken: unknown }> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key });
  const answer = await client.send(command, { abortSignal });
  const { Body: body, ContentLength: announced = 0 } = answer;
  if (!(body instanceof Readable)) throw new Error('it came without a body');
  const tooLarge = (bytes: number): Failure => {
    body.on('error', () => {}).destroy();
    const detail = `Cannot read the object as its ${bytes} bytes are over ${imageLimits.bytes}: ${root}/${key}`;
    return failure('image_too_large', detail);
  };
  if (announced > imageLimits.bytes) return err(tooLarge(announced));
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      // Whatever was announced.
      if (length > imageLimits.bytes) return err(tooLarge(length));
      chunks.push(chunk);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { broken: new Error(`the connection broke: ${why}`, { cause }) };
  }
  const info = objectInfo(key, { ...answer, ContentLength: length });
  return ok({ info, bytes: Buffer.concat(chunks, length) });
}
