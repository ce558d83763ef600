import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  type ZVecCollection,
  ZVecCreateAndOpen,
  type ZVecDocInput,
  type ZVecStatus,
  ZVecOpen,
} from '@zvec/zvec';
import {
  type Manifest,
  cloneFiles,
  freshName,
  journalFile,
  writeManifest,
} from './embedded-files.ts';
import { type Change, type Journal, openJournal } from './embedded-journal.ts';
import { documentOf } from './embedded-records.ts';

/**
 * A zvec collection that a killed process leaves whole. zvec alone does not: killed while it
 * writes or optimizes it has lost acknowledged points, mixed up rows and refused to open. So zvec
 * works on a copy of a checkpoint, which is a collection that was closed in good order and is
 * never opened; every change goes to a journal first; and opening is always the checkpoint, copied,
 * and the journal, applied.
 */
export interface DurableCollection {
  /** The open collection: another one after each checkpoint. */
  current(): ZVecCollection;
  /** Journal, then zvec, which blocks this thread for a moment. */
  apply(change: Change): Promise<void>;
  /**
   * Copies what is there into a new zvec collection, which `current` is from then on. zvec leaves
   * out of its index, at `optimize`, as many points as were replaced or removed before: so it is
   * only ever given points that were put in once. Nothing may be written meanwhile.
   */
  renew(swap: (action: () => Promise<void>) => Promise<void>): Promise<void>;
  /** Nothing has come since the last checkpoint, and the graph covers everything. */
  isOptimal(): boolean;
  /** zvec is about to change its files: the next checkpoint is worth it. */
  touched(): void;
  /** The journal has become so long that opening would take its time. */
  isCheckpointDue(): boolean;
  /** Nothing else may be going on. */
  checkpoint(): Promise<void>;
  /** With a checkpoint. Nothing else may be going on. */
  close(): Promise<unknown>;
}

/** A few milliseconds' work. */
const copiedAtOnce = 32;

/** Some ten seconds of replaying. */
const longJournalBytes = 256 * 2 ** 20;

/** Takes the lock over when it succeeds. */
export async function openDurable(
  folder: string,
  opened: Manifest,
  lock: ZVecCollection,
): Promise<DurableCollection> {
  let manifest = opened;
  let live = await openCopy(folder, manifest);
  let changed = live.journal.bytes() > 0;
  let broken = false;
  const end = (worthKeeping: boolean): Promise<unknown> =>
    worthKeeping ? closeAsCheckpoint(folder, manifest, live) : closeForNothing(folder, live);
  return {
    current: () => live.zvec,
    async apply(change) {
      if (broken) throw new Error('Cannot write as an earlier write has failed: open it again');
      await live.journal.append(change);
      changed = true;
      broken = true;
      write(live.zvec, change);
      broken = false;
    },
    async renew(swap) {
      const copy = await copyPoints(folder, live);
      await swap(async () => {
        live = await replace(folder, live, copy);
      });
    },
    isOptimal: () => !changed && live.zvec.stats.indexCompleteness['embedding'] === 1,
    touched: () => void (changed = true),
    isCheckpointDue: () => !broken && live.journal.bytes() > longJournalBytes,
    async checkpoint() {
      if (!changed || broken) return;
      manifest = await closeAsCheckpoint(folder, manifest, live);
      live = await openCopy(folder, manifest);
      changed = false;
    },
    close: () => end(changed && !broken).finally(() => lock.closeSync()),
  };
}

type Copy = Pick<Live, 'name' | 'zvec'>;

interface Live {
  /** Of its folder. */
  readonly name: string;
  readonly zvec: ZVecCollection;
  readonly journal: Journal;
}

/** A copy of the checkpoint with the journal applied. */
async function openCopy(folder: string, manifest: Manifest): Promise<Live> {
  const name = freshName('vectors');
  await cloneFiles(path.join(folder, manifest.vectors), path.join(folder, name));
  const zvec = ZVecOpen(path.join(folder, name));
  try {
    const journal = await openJournal(journalFile(folder, manifest), async (change) => {
      write(zvec, change);
      await setImmediate();
    });
    return { name, zvec, journal };
  } catch (error) {
    zvec.closeSync();
    throw error;
  }
}

/** Every point of the open collection, in a new one of the same form. */
async function copyPoints(folder: string, { zvec }: Live): Promise<Copy> {
  const name = freshName('vectors');
  const copy = ZVecCreateAndOpen(path.join(folder, name), zvec.schema);
  let batch: ZVecDocInput[] = [];
  for (const { id, vectors, fields } of zvec.iterDocsSync()) {
    batch.push({ id, vectors, fields });
    if (batch.length < copiedAtOnce) continue;
    check(copy.insertSync(batch));
    batch = [];
    await setImmediate();
  }
  if (batch.length > 0) check(copy.insertSync(batch));
  return { name, zvec: copy };
}

async function replace(folder: string, before: Live, copy: Copy): Promise<Live> {
  before.zvec.closeSync();
  await rm(path.join(folder, before.name), { recursive: true, force: true });
  return { ...before, ...copy };
}

/** The manifest with which what was open is the checkpoint. */
async function closeAsCheckpoint(folder: string, before: Manifest, live: Live): Promise<Manifest> {
  startNewSegment(live.zvec);
  live.zvec.closeSync();
  await live.journal.close();
  const manifest = { ...before, vectors: live.name };
  await writeManifest(folder, manifest);
  await rm(path.join(folder, before.vectors), { recursive: true, force: true });
  await rm(journalFile(folder, before), { force: true });
  return manifest;
}

/** The checkpoint and the journal have it all. */
async function closeForNothing(folder: string, live: Live): Promise<void> {
  live.zvec.closeSync();
  await live.journal.close();
  await rm(path.join(folder, live.name), { recursive: true, force: true });
}

/** zvec begins a new segment for an iterator: then all files but that empty one's are final. */
function startNewSegment(zvec: ZVecCollection): void {
  zvec.iterDocsSync({ outputFields: [], includeVector: false }).closeSync();
}

function write(zvec: ZVecCollection, change: Change): void {
  if ('upsert' in change) check(zvec.upsertSync(change.upsert.map(documentOf)));
  else check(zvec.deleteSync([...change.remove]).filter(({ code }) => code !== 'ZVEC_NOT_FOUND'));
}

function check(statuses: readonly ZVecStatus[]): void {
  const failed = statuses.find((status) => !status.ok);
  if (failed) throw new Error(`Cannot write as zvec says ${failed.code}: ${failed.message}`);
}
