import { randomBytes } from 'node:crypto';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  realpath,
  rename,
  rm,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { inTheWay, pathInside, realPathInside, withFile } from './directory-paths.ts';

/** Size and time of change. */
export function fileVersion({ size, mtimeNs }: { size: bigint; mtimeNs: bigint }): string {
  return `${size}-${mtimeNs}`;
}

/** Written beside its place under a hidden name, and moved there when it is whole and on the disk. */
export async function writeFileWhole(
  root: string,
  key: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Async<void> {
  const path = pathInside(root, key);
  if (path === undefined) {
    const detail = `Cannot write the file as its key is none of this folder: ${key}`;
    return err(failure('image_unreadable', detail));
  }
  const work = async (): Promise<void> => {
    const folder = await makeFolders(root, dirname(path));
    const target = join(folder, basename(path));
    const part = join(folder, `.part-${randomBytes(8).toString('hex')}`);
    try {
      const file = await open(part, 'wx');
      try {
        await file.writeFile(bytes, signal === undefined ? {} : { signal });
        await makeNewer(file, target);
        await file.sync();
      } finally {
        await file.close();
      }
      signal?.throwIfAborted();
      await rename(part, target);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  };
  return withFile('write', key, work, signal);
}

/** Makes the folders that are not there, one by one, and goes through no link on the way. */
async function makeFolders(root: string, folder: string): Promise<string> {
  await mkdir(root, { recursive: true });
  let made = await realpath(root);
  for (const name of relative(root, folder).split(sep)) {
    if (name === '') continue;
    made = join(made, name);
    await mkdir(made).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (!(await lstat(made)).isDirectory()) {
      throw inTheWay('there is a file or a link in the place of one of its folders');
    }
  }
  return made;
}

/** Clocks of file systems are slow: two files of one size within a tick would be the same version. */
async function makeNewer(file: FileHandle, target: string): Promise<void> {
  const old = await lstat(target, { bigint: true }).catch(() => undefined);
  if (!old) return;
  if (old.isDirectory()) throw inTheWay('there is a folder in its place');
  const { mtimeNs } = await file.stat({ bigint: true });
  if (mtimeNs > old.mtimeNs) return;
  const newer = Number(old.mtimeNs / 1_000_000n + 2n) / 1000;
  await file.utimes(newer, newer);
}

export async function removeFiles(
  root: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Async<void> {
  for (const key of keys) {
    const path = pathInside(root, key);
    if (path === undefined) continue;
    const work = async (): Promise<void> => {
      const file = await realPathInside(root, path);
      if ((await lstat(file)).isFile()) await unlink(file);
    };
    const removed = await withFile('remove', key, work, signal);
    if (!removed.ok && removed.error.code !== 'not_found') return removed;
  }
  return ok(undefined);
}
