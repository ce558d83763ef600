import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Async, abortFailure, type Failure, failure } from '../core/failure.ts';
import { isOwnKey } from '../core/own-keys.ts';
import type { ListFailure, ListOptions, ObjectInfo, ObjectReader } from '../core/object-store.ts';
import { err, ok, type Result } from '../core/result.ts';
import { bucketFailure } from './s3-failure.ts';
import { fetchInventoryFile } from './s3-inventory-file.ts';
import { type InventoryManifest, parseInventoryManifest } from './s3-inventory-manifest.ts';
import { type InventoryRow, readCsvRows, readParquetRows } from './s3-inventory-rows.ts';

export interface S3InventoryOptions {
  readonly client: S3Client;
  /** `s3://bucket/…/manifest.json`; its files are in the same bucket. */
  readonly manifest: string;
  /** The bucket that must be listed in it. */
  readonly bucket: string;
  /** One file of the inventory at a time is kept in here while it is read. */
  readonly directory?: string;
}

/** A list of a bucket that S3 made, once a day or a week: of any size, without asking the bucket. */
export interface S3Inventory extends Pick<ObjectReader, 'list'> {
  /** When S3 began to look. What has changed since is not in it. */
  readonly createdAtMs: number;
}

/**
 * Reads the manifest of an inventory; fails with `invalid_field` for one that can't be used.
 * `list` gives what the list of the bucket gave then, in no order; a file that can't be read, or is not
 * what the manifest says, ends it with `objects_unavailable`.
 */
export async function openS3Inventory(options: S3InventoryOptions): Async<S3Inventory> {
  const { client, manifest: place, bucket } = options;
  const [, home, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(place) ?? [];
  if (home === undefined || key === undefined) {
    const detail = `Cannot use the inventory as it must be s3://bucket/…/manifest.json: ${place}`;
    return err(failure('invalid_field', detail));
  }
  const text = await readText(client, home, key);
  if (!text.ok) return text;
  const manifest = parseInventoryManifest(text.value, { place, bucket });
  if (!manifest.ok) return manifest;
  return ok({
    createdAtMs: manifest.value.createdAtMs,
    list: (listed) => list({ ...options, home, manifest: manifest.value }, listed),
  });
}

interface Opened extends Omit<S3InventoryOptions, 'manifest'> {
  readonly home: string;
  readonly manifest: InventoryManifest;
}

async function* list(
  { client, home, manifest, directory = tmpdir() }: Opened,
  { prefix = '', signal }: ListOptions = {},
): AsyncGenerator<Result<ObjectInfo, ListFailure>> {
  await mkdir(directory, { recursive: true });
  const folder = await mkdtemp(join(directory, 'inventory-'));
  const path = join(folder, 'file');
  let file = '';
  try {
    for (const one of manifest.files) {
      file = one.key;
      await fetchInventoryFile(client, home, one, { path, signal });
      for await (const row of readRows(manifest, path)) {
        if (signal?.aborted)
          return yield err({ key: row.key ?? '', failure: abortFailure(signal) });
        if (isWanted(row, prefix)) yield toInfo(row, file);
      }
    }
  } catch (cause) {
    yield err({ key: file, failure: toFailure(cause, `s3://${home}/${file}`, signal) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readRows({ format, columns }: InventoryManifest, path: string) {
  return format === 'csv' ? readCsvRows(path, columns) : readParquetRows(path);
}

/** As the list of a bucket: without old versions, folders and our own files. */
function isWanted({ key, isCurrent }: InventoryRow, prefix: string): boolean {
  if (!isCurrent) return false;
  if (key === undefined) return true;
  return key.startsWith(prefix) && !key.endsWith('/') && !isOwnKey(key);
}

function toInfo(row: InventoryRow, file: string): Result<ObjectInfo, ListFailure> {
  const { key, bytes, etag } = row;
  if (key !== undefined && Number.isSafeInteger(bytes) && etag !== '') {
    return ok({ key, bytes, version: etag.replaceAll('"', '') });
  }
  const detail = `Cannot read a row of the inventory as it has no key, size or ETag: ${file}`;
  return err({ key: key ?? '', failure: failure('image_unreadable', detail) });
}

async function readText(client: S3Client, bucket: string, key: string): Async<string> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return ok((await Body?.transformToString()) ?? '');
  } catch (cause) {
    return err(toFailure(cause, `s3://${bucket}/${key}`));
  }
}

function toFailure(cause: unknown, place: string, signal?: AbortSignal): Failure {
  if (signal?.aborted === true) return abortFailure(signal);
  return bucketFailure('read the inventory', place, cause);
}
