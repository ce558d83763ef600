import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { InventoryFile } from './s3-inventory-manifest.ts';

const mostTries = 3;

/**
 * Brings one list of an inventory to a file, whole and as its manifest says, before a row of it is
 * used. It is not read from the bucket row by row: indexing takes hours, and no connection is kept
 * open that long. Throws.
 */
export async function fetchInventoryFile(
  client: S3Client,
  bucket: string,
  { key, bytes, md5 }: InventoryFile,
  { path, signal }: { readonly path: string; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const fetched = await fetchOnce(client, { Bucket: bucket, Key: key }, path, signal);
      if (fetched.md5 === md5) return;
      throw new Error(
        `it is not what the manifest says (${bytes} bytes with MD5 ${md5}, not ${fetched.bytes} with ${fetched.md5})`,
      );
    } catch (error) {
      const mayWorkLater = !(error instanceof Error) || !('$metadata' in error);
      if (!mayWorkLater || tries === mostTries || signal?.aborted === true) throw error;
    }
  }
}

async function fetchOnce(
  client: S3Client,
  place: { readonly Bucket: string; readonly Key: string },
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly md5: string; readonly bytes: number }> {
  const options = signal === undefined ? {} : { abortSignal: signal };
  const { Body } = await client.send(new GetObjectCommand(place), options);
  if (!(Body instanceof Readable)) throw new Error('it came without a body');
  const hash = createHash('md5');
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(Body, counting, createWriteStream(path), { signal });
  return { md5: hash.digest('hex'), bytes };
}
