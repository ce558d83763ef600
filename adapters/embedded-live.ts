import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type ZVecCollection, type ZVecDocInput, ZVecOpen } from '@zvec/zvec';
import type { Vector } from '../core/model.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import {
  type Manifest,
  cloneFiles,
  freshName,
  journalFile,
  writeManifest,
} from './embedded-files.ts';
import { type Journal, openJournal } from './embedded-journal.ts';
import { createCollection, graphOf } from './embedded-schema.ts';
import { readSpace, writeSpace } from './embedded-space.ts';
import { type Pace, check, writeChange } from './embedded-writes.ts';

/** An open zvec collection, and the space that its vectors are in. */
export interface Vectors {
  readonly zvec: ZVecCollection;
  readonly space: SearchSpace | undefined;
}

/** What is open, and the journal that goes with it. */
export interface Live extends Vectors {
  /** Of its folder. */
  readonly name: string;
  readonly journal: Journal;
  /** So many of its points were replaced or removed. */
  readonly replaced: number;
}

/** A copy of the checkpoint with the journal applied. */
export async function openCopy(folder: string, manifest: Manifest, pace: Pace): Promise<Live> {
  const name = freshName('vectors');
  const space = await readSpace(folder, manifest);
  await cloneFiles(path.join(folder, manifest.vectors), path.join(folder, name));
  const zvec = ZVecOpen(path.join(folder, name));
  // Where nobody has counted there may have been some.
  let replaced = manifest.replaced ?? 1;
  try {
    const journal = await openJournal(journalFile(folder, manifest), async (change) => {
      replaced += await writeChange(zvec, space, change, pace, (action) => action());
    });
    return { name, zvec, space, journal, replaced };
  } catch (error) {
    zvec.closeSync();
    throw error;
  }
}

/** Every point of what is open, in a new collection, whose vectors are in the given space. */
export async function copyPoints(
  folder: string,
  live: Live,
  space: SearchSpace | undefined,
  pace: Pace,
): Promise<Pick<Live, 'name' | 'zvec' | 'space'>> {
  const name = freshName('vectors');
  const place = path.join(folder, name);
  const convert = conversion(live.space, space);
  const dimensions = live.space?.dimensions ?? live.zvec.schema.vector('embedding').dimension ?? 0;
  const zvec = createCollection(place, dimensions, graphOf(live.zvec), space);
  try {
    let batch: ZVecDocInput[] = [];
    for (const { id, vectors, fields } of live.zvec.iterDocsSync()) {
      batch.push({ id, fields, vectors: { embedding: convert(vectors['embedding'] as Vector) } });
      if (batch.length < pace.points()) continue;
      check(zvec.insertSync(batch));
      batch = [];
      await pace.pause();
    }
    if (batch.length > 0) check(zvec.insertSync(batch));
  } catch (error) {
    zvec.closeSync();
    await rm(place, { recursive: true, force: true });
    throw error;
  }
  return { name, zvec, space };
}

function conversion(
  from: SearchSpace | undefined,
  to: SearchSpace | undefined,
): (stored: Vector) => Vector {
  if (from?.id === to?.id) return (stored) => stored;
  return (stored) => {
    const vector = from ? from.fromStored(stored) : stored;
    return to ? to.toStored(vector) : vector;
  };
}

/** The copy takes the place of what it was made of. */
export async function replaceLive(
  folder: string,
  before: Live,
  copy: Pick<Live, 'name' | 'zvec' | 'space'>,
): Promise<Live> {
  before.zvec.closeSync();
  await rm(path.join(folder, before.name), { recursive: true, force: true });
  return { ...before, ...copy, replaced: 0 };
}

/** The manifest with which what was open is the checkpoint. */
export async function closeAsCheckpoint(
  folder: string,
  before: Manifest,
  live: Live,
): Promise<Manifest> {
  startNewSegment(live.zvec);
  live.zvec.closeSync();
  await live.journal.close();
  const space = await keptSpace(folder, before, live);
  const manifest = { ...before, vectors: live.name, replaced: live.replaced, space };
  await writeManifest(folder, manifest);
  await rm(path.join(folder, before.vectors), { recursive: true, force: true });
  await rm(journalFile(folder, before), { force: true });
  if (before.space !== undefined && before.space !== space) {
    await rm(path.join(folder, before.space), { force: true });
  }
  return manifest;
}

/** The name of the file with the space that the vectors are in, which may be new. */
async function keptSpace(
  folder: string,
  before: Manifest,
  { space }: Live,
): Promise<string | undefined> {
  if (space === undefined) return undefined;
  const kept = await readSpace(folder, before);
  return kept?.id === space.id ? before.space : writeSpace(folder, space);
}

/** The checkpoint and the journal have it all. */
export async function closeForNothing(folder: string, live: Live): Promise<void> {
  live.zvec.closeSync();
  await live.journal.close();
  await rm(path.join(folder, live.name), { recursive: true, force: true });
}

/** zvec begins a new segment for an iterator: then all files but that empty one's are final. */
function startNewSegment(zvec: ZVecCollection): void {
  zvec.iterDocsSync({ outputFields: [], includeVector: false }).closeSync();
}
