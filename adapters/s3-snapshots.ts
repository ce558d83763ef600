import { Readable } from 'node:stream';
import { DeleteObjectsCommand, GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { SnapshotPlace } from '../core/snapshots.ts';

export interface S3SnapshotsOptions {
  readonly bucket: string;
  /** Of all keys; without `/` at its end. */
  readonly prefix?: string;
  /** Of `createS3Client`, with `snapshotDeadlines`. */
  readonly client: S3Client;
}

/** S3 takes 10,000 parts: files up to 78 GiB. Four parts are in memory at once. */
const partBytes = 8 * 2 ** 20;

/** Parts are large, and putting them together takes S3 its time. */
export const snapshotDeadlines = { connectMs: 5_000, answerMs: 300_000, idleMs: 60_000 } as const;

/** Snapshots in a bucket. */
export function createS3Snapshots({
  bucket,
  prefix = '',
  client,
}: S3SnapshotsOptions): SnapshotPlace {
  const location = `s3://${bucket}${prefix && `/${prefix}`}`;
  const start = prefix && `${prefix}/`;
  const at = (name: string) => ({ Bucket: bucket, Key: start + name });
  return {
    location,
    put: (name, content) =>
      attempt(`write ${location}/${name}`, async () => {
        const params = { ...at(name), Body: Readable.from(content, { objectMode: false }) };
        await new Upload({ client, params, partSize: partBytes }).done();
      }),
    get: (name) =>
      attempt(`read ${location}/${name}`, async () => {
        const { Body } = await client.send(new GetObjectCommand(at(name)));
        if (!(Body instanceof Readable)) throw new Error('it came without a body');
        return Body;
      }),
    list: () => attempt(`list ${location}`, () => listKeys(client, bucket, start)),
    remove: (names) =>
      attempt(`remove from ${location}`, () =>
        removeKeys(
          client,
          bucket,
          names.map((name) => start + name),
        ),
      ),
  };
}

/** Without what all begin with. */
async function listKeys(client: S3Client, bucket: string, start: string): Promise<string[]> {
  const names: string[] = [];
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: start });
  for await (const { Contents = [] } of pages) {
    names.push(...Contents.flatMap(({ Key }) => (Key ? [Key.slice(start.length)] : [])));
  }
  return names;
}

/** A thousand at a time, which is what S3 takes. */
async function removeKeys(
  client: S3Client,
  bucket: string,
  keys: readonly string[],
): Promise<void> {
  for (let first = 0; first < keys.length; first += 1000) {
    const Objects = keys.slice(first, first + 1000).map((Key) => ({ Key }));
    const Delete = { Objects, Quiet: true };
    const removed = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }));
    const [wrong] = removed.Errors ?? [];
    if (wrong) throw new Error(`S3 says ${wrong.Code}: ${wrong.Key}`);
  }
}

async function attempt<T>(what: string, work: () => Promise<T>): Async<T> {
  try {
    return ok(await work());
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : '';
    const why = cause instanceof Error ? cause.message : String(cause);
    const code = name === 'NoSuchKey' || name === 'NotFound' ? 'not_found' : 'store_unavailable';
    return err(failure(code, `Cannot ${what} as ${why || name}`, { cause }));
  }
}
