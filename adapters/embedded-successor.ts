import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Async } from '../core/failure.ts';
import type { Successor, SuccessorSpec, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import {
  cloneFiles,
  exists,
  journalFile,
  type Manifest,
  readManifest,
  removeLeftovers,
  successorName,
  writeManifest,
} from './embedded-files.ts';
import { withCollectionLock } from './embedded-lock.ts';
import { readSpace } from './embedded-space.ts';

export interface SuccessorParts {
  /** The collection's own: the successor is a complete collection in a folder of it. */
  readonly folder: string;
  readonly spec: SuccessorSpec;
  /** The collection itself, open here. */
  readonly current: Pick<VectorStore, 'close'>;
  /** Opens the collection of this folder, or makes it, in exactly the space of the spec. */
  readonly open: (
    place: { readonly directory: string; readonly collection: string },
    spec: SuccessorSpec,
  ) => Async<VectorStore>;
}

/** The embedded form of `succeed`. To be called while the collection is open, and so locked. */
export async function createSuccessor(parts: SuccessorParts): Async<Successor> {
  const { folder, current } = parts;
  const next = path.join(folder, successorName);
  const opened = await openNext(parts, next);
  if (!opened.ok) return opened;
  const store = opened.value;
  return ok({
    store,
    async publish() {
      await store.close();
      await current.close();
      return withCollectionLock(folder, async (before) => {
        await takePlace(folder, before);
        return ok(undefined);
      });
    },
    async discard() {
      await store.close();
      await rm(next, { recursive: true, force: true });
      return ok(undefined);
    },
  });
}

async function openNext({ folder, spec, open }: SuccessorParts, next: string): Async<VectorStore> {
  const place = { directory: folder, collection: successorName };
  if (await canGoOn(folder, spec)) {
    const resumed = await open(place, spec);
    if (resumed.ok || resumed.error.code !== 'index_unusable') return resumed;
  }
  await rm(next, { recursive: true, force: true });
  return open(place, spec);
}

/** Whether there is one that was begun for the same, and not published since. */
async function canGoOn(folder: string, { model, searchSpace }: SuccessorSpec): Promise<boolean> {
  const next = path.join(folder, successorName);
  try {
    const manifest = await readManifest(next);
    const space = await readSpace(next, manifest);
    const published = manifest.vectors === (await readManifest(folder)).vectors;
    const sameModel = manifest.model === model.id && manifest.revision === model.revision;
    const sameSize = manifest.dimensions === model.dimensions;
    // Where none was asked for it may have made itself one, as it has become so large.
    const sameSpace = searchSpace === null || space?.id === searchSpace.id;
    return !published && sameModel && sameSize && sameSpace;
  } catch {
    return false;
  }
}

/**
 * Puts the closed collection in `next` in the place of the one in `folder`, which is locked and closed
 * too. The manifest is the switch: killed before it there is the whole old collection, with a successor
 * that can be gone on with, and after it the whole new one.
 */
export async function takePlace(folder: string, before: Manifest): Promise<void> {
  const next = path.join(folder, successorName);
  const manifest = { ...(await readManifest(next)), lock: before.lock };
  const vectors = path.join(folder, manifest.vectors);
  // What a publish that was cut off has left.
  await rm(vectors, { recursive: true, force: true });
  await cloneFiles(path.join(next, manifest.vectors), vectors);
  const [from, to] = [journalFile(next, manifest), journalFile(folder, manifest)];
  await rm(to, { force: true });
  if (await exists(from)) await copyFile(from, to);
  if (manifest.space) {
    await copyFile(path.join(next, manifest.space), path.join(folder, manifest.space));
  }
  await writeManifest(folder, manifest);
  await rm(next, { recursive: true, force: true });
  await removeLeftovers(folder, manifest);
}
