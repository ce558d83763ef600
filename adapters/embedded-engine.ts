import { availableParallelism } from 'node:os';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { type Async, failure, type Failure } from '../core/failure.ts';
import type { Effort } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { createTurns } from '../core/turns.ts';
import type { DurableCollection } from './embedded-durable.ts';
import { hasAny } from './embedded-filter.ts';
import type { Change } from './embedded-journal.ts';
import {
  type Found,
  type Look,
  type Stored,
  type VectorSearch,
  lookAtPoints,
  searchVectors,
} from './embedded-reads.ts';
import { spaceOf } from './embedded-space.ts';
import { createDoor } from './embedded-door.ts';
import type { Pace } from './embedded-writes.ts';

/** The open collection, with what it takes to share it. All that goes in and out is plain data. */
export interface Engine {
  search(search: VectorSearch): Async<Found[]>;
  look(look: Look): Async<Stored[]>;
  size(): Async<Size>;
  /** Changes are done in the order in which they are asked for. */
  write(change: Change): Async<void>;
  /** Builds what makes search fast. Writes wait until it is over. */
  optimize(): Async<void>;
  /** Keeps the vectors in this space (`serializeSearchSpace`) from now on. Writes wait. */
  moveTo(space: Uint8Array): Async<void>;
  setEffort(effort: Pick<Effort, 'ef' | 'oversampling'>): Async<void>;
  /** Nothing else may be going on. */
  close(): Async<void>;
}

export interface Size {
  readonly count: number;
  /** Share of the points that the graph covers. */
  readonly indexed: number;
}

export function createEngine(collection: DurableCollection, pace: SearchPace): Engine {
  const door = createDoor();
  const writes = createTurns();
  const optimizer = createOptimizer(collection, pace);
  const checkpoint = () => door.closed(collection.checkpoint);

  async function write(change: Change): Promise<void> {
    await optimizer.sealed();
    await collection.apply(change, door.closed);
    if (collection.isCheckpointDue()) await checkpoint();
  }

  async function optimize(): Promise<void> {
    if (await door.through(async () => collection.isOptimal())) return;
    if (collection.needsRenewal()) await collection.renew(door.closed);
    const { finished } = await door.through(async () => optimizer.start());
    await finished;
    await checkpoint();
  }

  async function moveTo(space: Uint8Array): Promise<void> {
    await collection.renew(door.closed, spaceOf(space));
    await checkpoint();
  }

  return {
    search: (search) =>
      pace.search(() =>
        settle(() => door.through(() => searchVectors(collection.current(), search))),
      ),
    look: (look) => settle(() => door.through(() => lookAtPoints(collection.current(), look))),
    size: () => settle(() => door.through(() => optimizer.sealed().then(() => sizeOf(collection)))),
    write: (change) => settle(() => writes(() => write(change))),
    optimize: () => settle(() => writes(optimize)),
    moveTo: (space) => settle(() => writes(() => moveTo(space))),
    setEffort: (effort) => settle(() => writes(() => collection.setEffort(effort))),
    close: () => settle(async () => void (await collection.close())),
  };
}

export function sizeOf(collection: DurableCollection): Size {
  const { docCount, indexCompleteness } = collection.current().zvec.stats;
  return { count: docCount, indexed: indexCompleteness['embedding'] ?? 0 };
}

export interface SearchPace extends Pace {
  /** Searches, and holds back what writes meanwhile. */
  search<T>(work: () => Promise<T>): Promise<T>;
  /** Whether somebody has searched, not long ago. */
  isSearched(): boolean;
}

/** Where searches never end, writes go on all the same, this often. */
const longestPauseMs = 10;

/** A millisecond at a time and between searches while these come, else more, as that is quicker. */
export function createSearchPace(): SearchPace {
  let searchedAt = -Infinity;
  const under = new Set<Promise<unknown>>();
  const isSearched = () => performance.now() - searchedAt < 2_000;
  return {
    async search(work) {
      searchedAt = performance.now();
      const searched = work();
      under.add(searched);
      return searched.finally(() => under.delete(searched));
    },
    isSearched,
    points: () => (isSearched() ? 4 : 64),
    async pause() {
      await setImmediate();
      if (under.size === 0) return;
      await Promise.race([Promise.allSettled(under), setTimeout(longestPauseMs)]);
    },
  };
}

const cores = availableParallelism();
const spareCores = Math.max(cores - 1, 1);

function createOptimizer(collection: DurableCollection, pace: SearchPace) {
  let sealed: Promise<unknown> = Promise.resolve();
  return {
    /** While zvec seals new points, a synchronous call would block this thread until it is done. */
    sealed: () => sealed,
    start() {
      const { zvec } = collection.current();
      // While somebody searches one core is left to them: it takes longer, and they hardly do.
      const optimized = zvec.optimize({ concurrency: pace.isSearched() ? spareCores : cores });
      // A query that finds nothing is answered as soon as zvec lets readers in again.
      const probe = () => zvec.query({ filter: hasAny([]), topk: 1 });
      const sealing = Promise.race([optimized, setTimeout(20)]).then(probe);
      sealed = sealing.catch(() => undefined);
      collection.touched();
      return { finished: Promise.all([optimized, sealing]) };
    },
  };
}

async function settle<T>(action: () => Promise<T>): Async<T> {
  try {
    return ok(await action());
  } catch (cause) {
    return err(unavailable('it has failed', cause));
  }
}

export function unavailable(why: string, cause?: unknown): Failure {
  return failure('store_unavailable', `Cannot use the embedded vector store as ${why}`, { cause });
}
