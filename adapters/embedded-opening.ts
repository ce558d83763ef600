import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type ZVecCollection, ZVecOpen } from '@zvec/zvec';
import { type Async, type Failure, failure } from '../core/failure.ts';
import type { ModelInfo } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { type DurableCollection, openDurable } from './embedded-durable.ts';
import {
  type Manifest,
  exists,
  freshName,
  readManifest,
  removeLeftovers,
  writeManifest,
} from './embedded-files.ts';
import { isLocked } from './embedded-lock.ts';
import { type GraphSettings, createCollection, prepareEngine } from './embedded-schema.ts';
import { spaceOf, writeSpace } from './embedded-space.ts';
import type { Pace } from './embedded-writes.ts';

const formatVersion = 2;

export interface Place {
  /** `DATA_DIR`: holds a folder per collection. */
  readonly directory: string;
  readonly collection: string;
  readonly model: Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;
  readonly graph: GraphSettings;
  /** The search space of a collection that is made now (`serializeSearchSpace`). */
  readonly newSpace: Uint8Array | undefined;
}

/**
 * Opens the collection's folder, or makes one. Fails with `model_mismatch`, `index_locked`,
 * `index_unusable`.
 */
export async function openCollection(place: Place, pace: Pace): Async<DurableCollection> {
  prepareEngine();
  const folder = path.join(place.directory, place.collection);
  let lock: ZVecCollection | undefined;
  try {
    if (!(await exists(folder))) await makeFolder(place, folder);
    const identity = await readManifest(folder);
    const refused = refusal(folder, identity, place);
    if (refused) return err(refused);
    lock = ZVecOpen(path.join(folder, identity.lock));
    const manifest = await readManifest(folder);
    await removeLeftovers(folder, manifest);
    return ok(await openDurable(folder, manifest, lock, pace));
  } catch (cause) {
    lock?.closeSync();
    return err(openFailure(folder, cause));
  }
}

/**
 * Builds the folder under another name and then renames it: after a crash halfway there is no
 * folder, and of two processes one wins and the other opens what the first has made.
 */
async function makeFolder(place: Place, folder: string): Promise<void> {
  const { directory, collection } = place;
  await mkdir(directory, { recursive: true });
  await removeUnfinished(directory, collection);
  const unfinished = path.join(directory, freshName(unfinishedPrefix(collection)));
  await mkdir(unfinished);
  await fillFolder(place, unfinished);
  try {
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
}

async function fillFolder({ model, graph, newSpace }: Place, folder: string): Promise<void> {
  const { id, revision, dimensions } = model;
  const space = newSpace && spaceOf(newSpace);
  const manifest: Manifest = {
    format: formatVersion,
    model: id,
    revision,
    dimensions,
    lock: freshName('lock'),
    vectors: freshName('vectors'),
    ...(space && { space: await writeSpace(folder, space) }),
    replaced: 0,
  };
  for (const name of [manifest.lock, manifest.vectors]) {
    createCollection(path.join(folder, name), dimensions, graph, space).closeSync();
  }
  await writeManifest(folder, manifest);
}

function refusal(folder: string, manifest: Manifest, { model }: Place): Failure | undefined {
  if (manifest.format !== formatVersion) {
    return failure(
      'index_unusable',
      `Cannot open the index as it has a format that this version does not know: ${manifest.format} in ${folder} (delete that folder and index again)`,
    );
  }
  const sameModel = manifest.model === model.id && manifest.dimensions === model.dimensions;
  if (sameModel && manifest.revision === model.revision) return undefined;
  const wayOut = `Run npm run reindex, set another QDRANT_COLLECTION or DATA_DIR, or delete ${folder} and index again`;
  if (sameModel) {
    return failure(
      'model_mismatch',
      `Cannot open the index as another revision of the model ${model.id} made it: ${manifest.revision}, not ${model.revision}. ${wayOut}`,
    );
  }
  return failure(
    'model_mismatch',
    `Cannot open the index as another model made it: ${manifest.model} with ${manifest.dimensions} dimensions, not ${model.id} with ${model.dimensions}. ${wayOut}`,
  );
}

function openFailure(folder: string, cause: unknown): Failure {
  if (isLocked(cause)) {
    return failure(
      'index_locked',
      `Cannot open the index as another process has it open: ${folder}. Stop that one first (is npm start running?)`,
      { cause },
    );
  }
  return failure(
    'index_unusable',
    `Cannot open the index as its files are damaged or cannot be read: ${folder}. Look at its permissions, or delete it and index again`,
    { cause },
  );
}

/** What creations that were cut off have left. An hour: one may be going on this moment. */
async function removeUnfinished(directory: string, collection: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(unfinishedPrefix(collection))) continue;
    const leftover = path.join(directory, name);
    const info = await stat(leftover).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > 3_600_000) {
      await rm(leftover, { recursive: true, force: true });
    }
  }
}

function unfinishedPrefix(collection: string): string {
  return `.unfinished-${collection}`;
}
