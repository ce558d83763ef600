import { constants } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { type Async, abortFailure, type Failure, failure } from '../core/failure.ts';
import type { ListFailure, ObjectInfo, ObjectReader, StoredObject } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';

const imageName = /\.(?:jpe?g|png|webp|bmp|tiff?|gif|avif)$/i;

/**
 * The pictures of a folder and the folders below it. Hidden files and folders are left out, and
 * symbolic links are not followed: they may lead in circles, or out of the folder.
 */
export function createDirectoryObjects(directory: string): ObjectReader {
  const root = resolve(directory);
  return {
    root,
    list: ({ signal } = {}) => walk(root, '', signal),
    async head(key, signal) {
      if (signal?.aborted) return err(abortFailure(signal));
      const path = inside(root, key);
      if (path === undefined) return ok(undefined);
      const info = await attempt(key, async () => {
        const stats = await lstat(path, { bigint: true });
        return stats.isFile() ? toInfo(key, stats) : undefined;
      });
      return !info.ok && info.error.code === 'not_found' ? ok(undefined) : info;
    },
    async get(key, signal) {
      if (signal?.aborted) return err(abortFailure(signal));
      const path = inside(root, key);
      if (path === undefined) return err(notFound(key));
      return attempt(key, () => readInside(root, path, key, signal));
    },
  };
}

async function* walk(
  root: string,
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<Result<ObjectInfo, ListFailure>> {
  const entries = await attempt(folder === '' ? root : folder, () =>
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
    if (entry.isDirectory()) yield* walk(root, key, signal);
    else if (entry.isFile() && imageName.test(entry.name)) yield await fileInfo(root, key);
  }
}

async function fileInfo(root: string, key: string): Promise<Result<ObjectInfo, ListFailure>> {
  const stats = await attempt(key, () => lstat(join(root, key), { bigint: true }));
  return stats.ok ? ok(toInfo(key, stats.value)) : err({ key, failure: stats.error });
}

function toInfo(key: string, stats: { size: bigint; mtimeNs: bigint }): ObjectInfo {
  return { key, bytes: Number(stats.size), version: `${stats.size}-${stats.mtimeNs}` };
}

/** A folder on the way may have become a link since it was listed: the real path must be inside too. */
async function readInside(
  root: string,
  path: string,
  key: string,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const [realRoot, realFile] = await Promise.all([realpath(root), realpath(path)]);
  if (!startsBelow(realRoot, realFile)) {
    throw Object.assign(new Error('Outside the folder'), { code: 'ENOENT' });
  }
  const file = await open(realFile, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    // Before the bytes: a file that changes meanwhile is looked at again.
    const info = toInfo(key, await file.stat({ bigint: true }));
    return { info, bytes: await file.readFile(signal === undefined ? {} : { signal }) };
  } finally {
    await file.close();
  }
}

/** The path of a key, or `undefined` when it is not one below the root. */
function inside(root: string, key: string): string | undefined {
  if (key.includes('\0')) return undefined;
  const path = resolve(root, key);
  return startsBelow(root, path) ? path : undefined;
}

function startsBelow(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}

async function attempt<T>(key: string, work: () => Promise<T>): Async<T> {
  try {
    return ok(await work());
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return err(notFound(key));
    const denied = code === 'EACCES' || code === 'EPERM';
    const why = denied ? 'permission is denied' : `the system says ${code}`;
    return err(failure('image_unreadable', `Cannot read the file as ${why}: ${key}`, { cause }));
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}

function notFound(key: string): Failure {
  return failure('not_found', `Cannot read the file as it does not exist: ${key}`);
}
