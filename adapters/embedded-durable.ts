import type { ZVecCollection } from '@zvec/zvec';
import type { SearchSpace } from '../core/search-space-form.ts';
import { type Manifest, writeManifest } from './embedded-files.ts';
import type { Change } from './embedded-journal.ts';
import {
  type Live,
  type Vectors,
  closeAsCheckpoint,
  closeForNothing,
  copyPoints,
  openCopy,
  replaceLive,
} from './embedded-live.ts';
import { type Alone, type Pace, writeChange } from './embedded-writes.ts';

/**
 * A zvec collection that a killed process leaves whole. zvec alone does not: killed while it
 * writes or optimizes it has lost acknowledged points, mixed up rows and refused to open. So zvec
 * works on a copy of a checkpoint, which is a collection that was closed in good order and is
 * never opened; every change goes to a journal first; and opening is always the checkpoint, copied,
 * and the journal, applied.
 */
export interface DurableCollection {
  /** The open collection: another one after each checkpoint. */
  current(): Vectors;
  manifest(): Manifest;
  /** Journal, then zvec, which blocks this thread now and then as the pace says. */
  apply(change: Change, alone: Alone): Promise<void>;
  /**
   * zvec leaves out of its index, at `optimize`, as many points as were replaced or removed before, and
   * makes a bad graph of a good one and new points (recall .56 seen): so it only ever optimizes once
   * what was put in once.
   */
  needsRenewal(): boolean;
  /**
   * Copies what is there into a new zvec collection, which `current` is from then on, in the given
   * space or the one that it has. Nothing may be written meanwhile.
   */
  renew(swap: (action: () => Promise<void>) => Promise<void>, space?: SearchSpace): Promise<void>;
  /** Nothing has come since the last checkpoint, and the graph covers everything. */
  isOptimal(): boolean;
  /** zvec is about to change its files: the next checkpoint is worth it. */
  touched(): void;
  /** The journal has become so long that opening would take its time. */
  isCheckpointDue(): boolean;
  /** Nothing else may be going on. */
  checkpoint(): Promise<void>;
  /** Not while a checkpoint is made. */
  setEffort(effort: Manifest['effort']): Promise<void>;
  /** With a checkpoint. Nothing else may be going on. */
  close(): Promise<unknown>;
}

/** Some ten seconds of replaying. */
const longJournalBytes = 256 * 2 ** 20;

/** Takes the lock over when it succeeds. */
export async function openDurable(
  folder: string,
  manifest: Manifest,
  lock: ZVecCollection,
  pace: Pace,
): Promise<DurableCollection> {
  const live = await openCopy(folder, manifest, pace);
  const changed = live.journal.bytes() > 0;
  const state: State = { folder, pace, manifest, live, changed, broken: false };
  return {
    current: () => state.live,
    manifest: () => state.manifest,
    apply: (change, alone) => apply(state, change, alone),
    needsRenewal: () => state.live.replaced > 0 || coverage(state) > 0,
    renew: (swap, space = state.live.space) => renew(state, swap, space),
    isOptimal: () => !state.changed && coverage(state) === 1,
    touched: () => void (state.changed = true),
    isCheckpointDue: () => !state.broken && state.live.journal.bytes() > longJournalBytes,
    checkpoint: () => checkpoint(state),
    setEffort: (effort) => setEffort(state, effort),
    close: () => end(state).finally(() => lock.closeSync()),
  };
}

interface State {
  readonly folder: string;
  readonly pace: Pace;
  manifest: Manifest;
  live: Live;
  /** There is something that the checkpoint does not have. */
  changed: boolean;
  /** A write has failed halfway: only the journal is right. */
  broken: boolean;
}

/** Share of the points that the graph covers. */
function coverage({ live }: State): number {
  return live.zvec.stats.indexCompleteness['embedding'] ?? 0;
}

async function apply(state: State, change: Change, alone: Alone): Promise<void> {
  if (state.broken) throw new Error('Cannot write as an earlier write has failed: open it again');
  const { live, pace } = state;
  await live.journal.append(change);
  state.changed = true;
  state.broken = true;
  const replaced = await writeChange(live.zvec, live.space, change, pace, alone);
  state.live = { ...live, replaced: live.replaced + replaced };
  state.broken = false;
}

async function renew(
  state: State,
  swap: Parameters<DurableCollection['renew']>[0],
  space: SearchSpace | undefined,
): Promise<void> {
  if (state.broken) throw new Error('Cannot renew as a write has failed: open it again');
  const { folder, pace } = state;
  const copy = await copyPoints(folder, state.live, space, pace);
  await swap(async () => {
    state.live = await replaceLive(folder, state.live, copy);
    state.changed = true;
  });
}

async function checkpoint(state: State): Promise<void> {
  const { folder, manifest, live, pace } = state;
  if (!state.changed || state.broken) return;
  state.manifest = await closeAsCheckpoint(folder, manifest, live);
  state.live = await openCopy(folder, state.manifest, pace);
  state.changed = false;
}

async function setEffort(state: State, effort: Manifest['effort']): Promise<void> {
  const manifest = { ...state.manifest, effort };
  await writeManifest(state.folder, manifest);
  state.manifest = manifest;
}

function end({ folder, manifest, live, changed, broken }: State): Promise<unknown> {
  return changed && !broken
    ? closeAsCheckpoint(folder, manifest, live)
    : closeForNothing(folder, live);
}
