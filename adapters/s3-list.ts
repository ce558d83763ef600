import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { abortFailure, type Async, type Failure, failure } from '../core/failure.ts';
import { decodeKey } from '../core/object-event.ts';
import { isOwnKey } from '../core/own-keys.ts';
import type { ListFailure, ObjectInfo } from '../core/object-store.ts';
import { err, ok, type Result } from '../core/result.ts';
import { callAws } from './aws-requests.ts';
import { bucketFailure } from './s3-failure.ts';
import { versionOf } from './s3-object-info.ts';
import type { S3Bucket } from './s3-objects.ts';

interface Page {
  readonly items: readonly Result<ObjectInfo, ListFailure>[];
  /** Where the next one begins; left out: there is none. */
  readonly next?: string;
}

/**
 * Every object once, page by page, of which the next one is under way while one is looked at. Our own
 * files are left out, unless the prefix names them, and so are the empty objects that stand for
 * folders.
 */
export async function* listObjects(
  bucket: S3Bucket,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<Result<ObjectInfo, ListFailure>> {
  const stop = new AbortController();
  const leave = (): void => stop.abort(signal?.reason);
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    let coming: Async<Page> | undefined = askForPage(bucket, prefix, undefined, stop.signal);
    while (coming) {
      const page: Result<Page, Failure> = await coming;
      if (!page.ok) {
        yield err({ key: prefix, failure: page.error });
        return;
      }
      const { items, next }: Page = page.value;
      coming = next === undefined ? undefined : askForPage(bucket, prefix, next, stop.signal);
      for (const item of items) {
        if (signal?.aborted) {
          yield err({ key: item.ok ? item.value.key : prefix, failure: abortFailure(signal) });
          return;
        }
        yield item;
      }
    }
  } finally {
    signal?.removeEventListener('abort', leave);
    // Whoever has seen enough waits for no page that was asked for ahead.
    stop.abort();
  }
}

async function askForPage(
  { bucket, client, deadlineMs, root }: S3Bucket,
  prefix: string,
  token: string | undefined,
  signal: AbortSignal,
): Async<Page> {
  const explain = (cause: unknown) => bucketFailure('list the bucket', root, cause);
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    MaxKeys: 1000,
    // XML can't carry every key as it is.
    EncodingType: 'url',
    ...(prefix !== '' && { Prefix: prefix }),
    ...(token !== undefined && { ContinuationToken: token }),
  });
  const answer = await callAws({ deadlineMs, signal, explain }, (abortSignal) =>
    client.send(command, { abortSignal }),
  );
  if (!answer.ok) return answer;
  const { IsTruncated, NextContinuationToken: next } = answer.value;
  const items = readItems(answer.value, root, isOwnKey(prefix));
  if (!IsTruncated) return ok({ items });
  if (next !== undefined && next !== token) return ok({ items, next });
  return err(explain(new Error('it breaks off before its end')));
}

function readItems(
  { Contents = [], EncodingType }: ListObjectsV2CommandOutput,
  root: string,
  withOwn: boolean,
): Page['items'] {
  return Contents.flatMap(({ Key: listed = '', Size: bytes = 0, ...facts }): Page['items'] => {
    const key = EncodingType === 'url' ? decodeKey(listed) : listed;
    if (key === undefined) {
      const detail = `Cannot read the key as it is not url-encoded: ${root}/${listed}`;
      return [err({ key: listed, failure: failure('image_unreadable', detail) })];
    }
    if (key === '' || key.endsWith('/') || (isOwnKey(key) && !withOwn)) return [];
    return [ok({ key, bytes, version: versionOf(facts, bytes) })];
  });
}
