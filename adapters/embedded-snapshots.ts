import { createReadStream } from 'node:fs';
import { copyFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { Captured, SnapshotStore } from '../core/snapshots.ts';
import { countVectors, filesFailure } from './embedded-counting.ts';
import {
  cloneFiles,
  exists,
  freshName,
  journalFile,
  type Manifest,
  readManifest,
  writeManifest,
} from './embedded-files.ts';
import { restoreCollection } from './embedded-restore.ts';
import { createCollection, prepareEngine } from './embedded-schema.ts';

export interface EmbeddedSnapshotsOptions {
  /** `DATA_DIR`: holds a folder per collection. */
  readonly directory: string;
  readonly collection: string;
}

/** Snapshots of a collection in files. One can be taken while another process has it open. */
export function createEmbeddedSnapshots({
  directory,
  collection,
}: EmbeddedSnapshotsOptions): SnapshotStore {
  const folder = path.join(directory, collection);
  return {
    kind: 'embedded',
    capture: () => capture(directory, collection),
    restore: (info, read) => restoreCollection(folder, info, read),
  };
}

/**
 * A copy, which what goes on in the collection does not change: of the checkpoint by hard links, of the
 * journal as far as it is now. It is opened once, so that nothing is kept that does not open.
 */
async function capture(directory: string, collection: string): Async<Captured> {
  const folder = path.join(directory, collection);
  const place = path.join(directory, freshName(`.snapshot-${collection}`));
  const copy = path.join(place, collection);
  const release = () => rm(place, { recursive: true, force: true });
  try {
    if (!(await exists(folder))) {
      const detail = `Cannot take a snapshot as there is no such collection: ${folder}`;
      return err(failure('collection_missing', detail));
    }
    await removeOld(directory, collection);
    const manifest = await copyCollection(folder, copy);
    const vectors = await countVectors(copy);
    if (!vectors.ok) {
      await release();
      return vectors;
    }
    const { model, revision, dimensions } = manifest;
    const info = { collection, model, revision, dimensions, vectors: vectors.value };
    return ok({ info, files: await filesOf(copy), release });
  } catch (cause) {
    await release();
    return err(filesFailure('take a snapshot', cause));
  }
}

const maxTries = 20;

/** Checkpoints are made now and then, and take away the one before: then it begins again. */
async function copyCollection(folder: string, copy: string): Promise<Manifest> {
  for (let tries = 1; ; tries += 1) {
    const manifest = await readManifest(folder);
    const copied = await copyParts(folder, copy, manifest).then(
      () => undefined,
      (error: unknown) => error,
    );
    const now = await readManifest(folder);
    const same = now.vectors === manifest.vectors && now.space === manifest.space;
    if (same && copied === undefined) return readManifest(copy);
    if (same || tries === maxTries) throw copied ?? new Error('it never stood still');
    await rm(copy, { recursive: true, force: true });
  }
}

async function copyParts(folder: string, copy: string, manifest: Manifest): Promise<void> {
  prepareEngine();
  const lock = freshName('lock');
  await cloneFiles(path.join(folder, manifest.vectors), path.join(copy, manifest.vectors));
  const journal = journalFile(folder, manifest);
  if (await exists(journal)) await copyFile(journal, journalFile(copy, manifest));
  if (manifest.space) {
    await copyFile(path.join(folder, manifest.space), path.join(copy, manifest.space));
  }
  createCollection(path.join(copy, lock), 4, { m: 16, efConstruct: 200 }).closeSync();
  await writeManifest(copy, { ...manifest, lock });
}

async function filesOf(folder: string): Promise<Captured['files']> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => ({
      path: path.relative(folder, file).replaceAll(path.sep, '/'),
      open: () => createReadStream(file),
    }));
}

/** What killed processes have left, a day ago or earlier: a snapshot may take hours. */
async function removeOld(directory: string, collection: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(`.snapshot-${collection}-`)) continue;
    const info = await stat(path.join(directory, name)).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > 86_400_000) {
      await rm(path.join(directory, name), { recursive: true, force: true });
    }
  }
}
