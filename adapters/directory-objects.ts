import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { abortFailure, type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import type { ListFailure, ObjectInfo, ObjectStore, StoredObject } from '../core/object-store.ts';
import { err, ok, type Result } from '../core/result.ts';
import { uploadTypes } from '../core/upload-request.ts';
import { noSuchFile, pathInside, realPathInside, withFile } from './directory-paths.ts';
import { fileVersion, removeFiles, writeFileWhole } from './directory-writes.ts';

/** As a picture is called. */
function isImageName(name: string): boolean {
  return Object.values(uploadTypes).some((ending) => ending.test(name));
}

/**
 * The pictures of a folder and the folders below it. Hidden files and folders are left out, and
 * symbolic links are not followed: they may lead in circles, or out of the folder. What is put there
 * is as durable as the disk, and hidden until it is whole.
 */
export function createDirectoryObjects(directory: string): ObjectStore {
  const root = resolve(directory);
  return {
    root,
    list: ({ prefix = '', signal } = {}) => walk({ root, prefix, signal }, ''),
    async head(key, signal) {
      if (signal?.aborted) return err(abortFailure(signal));
      const path = pathInside(root, key);
      if (path === undefined) return ok(undefined);
      const work = async () => {
        const stats = await lstat(await realPathInside(root, path), { bigint: true });
        return stats.isFile() ? toInfo(key, stats) : undefined;
      };
      const info = await withFile('read', key, work, signal);
      return !info.ok && info.error.code === 'not_found' ? ok(undefined) : info;
    },
    async get(key, signal) {
      if (signal?.aborted) return err(abortFailure(signal));
      const path = pathInside(root, key);
      if (path === undefined) return err(noSuchFile(key));
      const read = await withFile('read', key, () => readInside(root, path, key, signal), signal);
      return read.ok ? read.value : read;
    },
    put: (key, bytes, { signal } = {}) => writeFileWhole(root, key, bytes, signal),
    remove: (keys, signal) => removeFiles(root, keys, signal),
  };
}

interface Walk {
  readonly root: string;
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
}

async function* walk(
  { root, prefix, signal }: Walk,
  folder: string,
): AsyncGenerator<Result<ObjectInfo, ListFailure>> {
  const entries = await withFile('read', folder === '' ? root : folder, () =>
    readdir(join(root, folder), { withFileTypes: true }),
  );
  if (!entries.ok) {
    yield err({ key: folder, failure: entries.error });
    return;
  }
  // A fixed order makes progress, manifests and interruptions comparable between two runs.
  for (const entry of entries.value.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (signal?.aborted) {
      yield err({ key, failure: abortFailure(signal) });
      return;
    }
    if (entry.isDirectory()) {
      const within = `${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`);
      if (within) yield* walk({ root, prefix, signal }, key);
    } else if (entry.isFile() && isImageName(entry.name) && key.startsWith(prefix)) {
      yield await fileInfo(root, key);
    }
  }
}

async function fileInfo(root: string, key: string): Promise<Result<ObjectInfo, ListFailure>> {
  const stats = await withFile('read', key, () => lstat(join(root, key), { bigint: true }));
  return stats.ok ? ok(toInfo(key, stats.value)) : err({ key, failure: stats.error });
}

function toInfo(key: string, stats: { size: bigint; mtimeNs: bigint }): ObjectInfo {
  return { key, bytes: Number(stats.size), version: fileVersion(stats) };
}

/** A folder on the way may have become a link since it was listed: the real path must be inside too. */
async function readInside(
  root: string,
  path: string,
  key: string,
  signal?: AbortSignal,
): Promise<Result<StoredObject, Failure>> {
  const realFile = await realPathInside(root, path);
  // A pipe would keep whoever opens it waiting.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(realFile, flags);
  try {
    // Before the bytes: a file that changes meanwhile is looked at again.
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) return err(noSuchFile(key));
    const info = toInfo(key, stats);
    if (info.bytes > imageLimits.bytes) {
      const detail = `Cannot read the file as its ${info.bytes} bytes are over ${imageLimits.bytes}: ${key}`;
      return err(failure('image_too_large', detail));
    }
    return ok({ info, bytes: await readUpTo(file, info.bytes, signal) });
  } finally {
    await file.close();
  }
}

/** Reads no more than the file had, however much is written to it meanwhile. */
async function readUpTo(
  file: FileHandle,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  while (at < length) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(bytes, at, Math.min(length - at, 2 ** 22));
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}
