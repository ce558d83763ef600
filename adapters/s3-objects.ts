import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { chunks } from '../core/chunks.ts';
import { type Async, failure } from '../core/failure.ts';
import type { ObjectInfo, ObjectStore } from '../core/object-store.ts';
import { err, ok } from '../core/result.ts';
import { callAws } from './aws-requests.ts';
import { bucketFailure, objectFailure } from './s3-failure.ts';
import { fitsXml, isPossibleKey } from './s3-keys.ts';
import { listObjects } from './s3-list.ts';
import { objectInfo } from './s3-object-info.ts';
import { readObject } from './s3-read.ts';

export interface S3ObjectsOptions {
  readonly bucket: string;
  /** Of `createS3Client`: how long one try may wait, and how often it is tried, is its own. */
  readonly client: S3Client;
  /** For one call with all its tries, reading what it answers included; of a list for each page. */
  readonly deadlineMs?: number;
}

/** What a part of the store works with. */
export interface S3Bucket extends Required<S3ObjectsOptions> {
  /** `s3://bucket`. */
  readonly root: string;
}

/**
 * The pictures of a bucket, and what is put beside them. Its role needs `s3:ListBucket`, without
 * which S3 says of what is gone that it is denied.
 */
export function createS3Objects({
  bucket,
  client,
  deadlineMs = 60_000,
}: S3ObjectsOptions): ObjectStore {
  const root = `s3://${bucket}`;
  const parts: S3Bucket = { bucket, client, deadlineMs, root };
  return {
    root,
    list: ({ prefix = '', signal } = {}) => listObjects(parts, prefix, signal),
    head: createHead(parts),
    async get(key, signal) {
      return isPossibleKey(key) ? readObject(parts, key, signal) : err(impossible(root, key));
    },
    async put(key, bytes, { contentType, signal } = {}) {
      if (!isPossibleKey(key)) return err(impossible(root, key));
      const location = `${root}/${key}`;
      const explain = (cause: unknown) => objectFailure('write the object', location, cause);
      const input = {
        Bucket: bucket,
        Key: key,
        Body: bytes,
        ContentLength: bytes.length,
        ...(contentType !== undefined && { ContentType: contentType }),
      };
      return callAws({ deadlineMs, signal, explain }, async (abortSignal) => {
        await client.send(new PutObjectCommand(input), { abortSignal });
      });
    },
    remove: (keys, signal) => removeObjects(parts, keys, signal),
  };
}

function createHead(parts: S3Bucket): ObjectStore['head'] {
  const { bucket, client, deadlineMs, root } = parts;
  // To a HEAD, S3 says the same of a key that is not there and of a bucket that is not.
  let bucketSeen = false;
  return async (key, signal): Async<ObjectInfo | undefined> => {
    if (!isPossibleKey(key)) return ok(undefined);
    const explain = (cause: unknown) =>
      objectFailure('look at the object', `${root}/${key}`, cause);
    const head = await callAws({ deadlineMs, signal, explain }, async (abortSignal) => {
      const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
      return objectInfo(key, await client.send(command, { abortSignal }));
    });
    if (!head.ok && head.error.code !== 'not_found') return head;
    if (!head.ok && !bucketSeen) {
      const seen = await lookAtBucket(parts, signal);
      if (!seen.ok) return seen;
    }
    bucketSeen = true;
    return head.ok ? head : ok(undefined);
  };
}

function lookAtBucket(parts: S3Bucket, signal?: AbortSignal): Async<void> {
  const { bucket, client, deadlineMs, root } = parts;
  const explain = (cause: unknown) => bucketFailure('look into the bucket', root, cause);
  return callAws({ deadlineMs, signal, explain }, async (abortSignal) => {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
  });
}

/** A thousand at a time, which is what S3 takes, and one by one what its XML can't carry. */
async function removeObjects(
  { bucket, client, deadlineMs, root }: S3Bucket,
  keys: readonly string[],
  signal?: AbortSignal,
): Async<void> {
  const possible = [...new Set(keys)].filter(isPossibleKey);
  for (const some of chunks(possible.filter(fitsXml), 1000)) {
    const explain = (cause: unknown) => bucketFailure('remove objects', root, cause);
    const removed = await callAws({ deadlineMs, signal, explain }, (abortSignal) => {
      const Delete = { Objects: some.map((Key) => ({ Key })), Quiet: true };
      return client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }), { abortSignal });
    });
    if (!removed.ok) return removed;
    const [wrong] = removed.value.Errors ?? [];
    if (wrong) {
      const why = `S3 says ${wrong.Code}: ${wrong.Message ?? ''}`;
      const code = wrong.Code === 'AccessDenied' ? 'image_unreadable' : 'objects_unavailable';
      return err(failure(code, `Cannot remove the object as ${why}: ${root}/${wrong.Key}`));
    }
  }
  for (const key of possible.filter((one) => !fitsXml(one))) {
    const explain = (cause: unknown) => objectFailure('remove the object', `${root}/${key}`, cause);
    const removed = await callAws({ deadlineMs, signal, explain }, (abortSignal) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), { abortSignal }),
    );
    if (!removed.ok && removed.error.code !== 'not_found') return removed;
  }
  return ok(undefined);
}

function impossible(root: string, key: string) {
  const shown = key.slice(0, 100).toWellFormed();
  return failure('not_found', `Cannot use the object as S3 has no such keys: ${root}/${shown}`);
}
