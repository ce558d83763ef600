import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { ReadSnapshotFile, SnapshotInfo } from '../core/snapshots.ts';
import { countVectors, filesFailure } from './embedded-counting.ts';
import { exists, freshName, successorName } from './embedded-files.ts';
import { withCollectionLock } from './embedded-lock.ts';
import { takePlace } from './embedded-successor.ts';

/**
 * Writes the files of a snapshot beside the collection of this folder, and puts them in its place when
 * they are whole and open. The collection is locked from the beginning, if there is one.
 */
export async function restoreCollection(
  folder: string,
  info: SnapshotInfo,
  read: ReadSnapshotFile,
): Async<void> {
  if (!(await exists(folder))) return restoreNew(folder, info, read);
  return withCollectionLock(folder, async (before) => {
    const next = path.join(folder, successorName);
    await rm(next, { recursive: true, force: true });
    // Under a name that the next opening clears away: one half written is no successor.
    const filled = await fill(path.join(folder, freshName('restoring')), next, info, read);
    if (filled.ok) await takePlace(folder, before);
    return filled;
  });
}

async function restoreNew(folder: string, info: SnapshotInfo, read: ReadSnapshotFile): Async<void> {
  const { dir, base } = path.parse(folder);
  const place = path.join(dir, freshName(`.snapshot-${base}`));
  try {
    return await fill(path.join(place, base), folder, info, read);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** The folder is there under its name when it is whole, and opens with as many vectors as it had. */
async function fill(
  unfinished: string,
  finished: string,
  info: SnapshotInfo,
  read: ReadSnapshotFile,
): Async<void> {
  try {
    for (const file of info.files) {
      const target = path.join(unfinished, file.path);
      await mkdir(path.dirname(target), { recursive: true });
      await pipeline(read(file), createWriteStream(target));
    }
    const counted = await countVectors(unfinished);
    if (!counted.ok) return counted;
    if (counted.value === info.vectors) {
      await rename(unfinished, finished);
      return ok(undefined);
    }
    const detail = `Cannot restore the snapshot as it does not have the vectors that it should have: ${counted.value}, not ${info.vectors}`;
    return err(failure('index_unusable', detail));
  } catch (cause) {
    return err(filesFailure('restore the snapshot', cause));
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
