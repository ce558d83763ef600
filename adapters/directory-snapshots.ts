import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { SnapshotPlace } from '../core/snapshots.ts';

const unfinished = /\.part-[0-9a-f]+$/;

/** Snapshots in a folder, which is made when there is something to put into it. */
export function createDirectorySnapshots(directory: string): SnapshotPlace {
  const location = path.resolve(directory);
  return {
    location,
    put: (name, content) => attempt(`write ${name}`, () => write(location, name, content)),
    get: (name) =>
      attempt(`read ${name}`, async () => {
        const file = path.join(location, name);
        await stat(file);
        return createReadStream(file);
      }),
    list: () =>
      attempt('list the snapshots', async () => {
        const entries = await readdir(location, { recursive: true, withFileTypes: true }).catch(
          none,
        );
        return entries
          .filter((entry) => entry.isFile() && !unfinished.test(entry.name))
          .map((entry) => path.relative(location, path.join(entry.parentPath, entry.name)))
          .map((name) => name.replaceAll(path.sep, '/'));
      }),
    remove: (names) =>
      attempt('remove files', async () => {
        for (const name of names) {
          await rm(path.join(location, name), { force: true });
          await removeEmpty(location, path.dirname(name));
        }
      }),
  };
}

async function write(
  location: string,
  name: string,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = path.join(location, name);
  const part = `${target}.part-${randomBytes(4).toString('hex')}`;
  await mkdir(path.dirname(target), { recursive: true });
  try {
    await pipeline(content, createWriteStream(part, { flush: true }));
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** A folder that is not there has no files. */
function none(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

/** Folders that have lost their last file, from the inside out. */
async function removeEmpty(location: string, folder: string): Promise<void> {
  if (folder === '.') return;
  const removed = await rmdir(path.join(location, folder)).then(
    () => true,
    () => false,
  );
  if (removed) await removeEmpty(location, path.dirname(folder));
}

async function attempt<T>(what: string, work: () => Promise<T>): Async<T> {
  try {
    return ok(await work());
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const why = cause instanceof Error ? cause.message : String(cause);
    const code = missing ? 'not_found' : 'store_unavailable';
    return err(failure(code, `Cannot ${what} as ${why}`, { cause }));
  }
}
