import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ZVecCollection } from '@zvec/zvec';
import { type Async, type Failure, abortFailure, failure } from '../core/failure.ts';
import { type Result, err, ok } from '../core/result.ts';
import type { DurableCollection } from './embedded-durable.ts';
import type { Change } from './embedded-journal.ts';

/** The open collection, with what it takes to share it: turns, yielding, and an orderly end. */
export interface Engine {
  /** Something asynchronous that zvec does on its own threads, beside everything else. */
  read<T>(action: (zvec: ZVecCollection) => Promise<T>, signal?: AbortSignal): Async<T>;
  /** Something short that blocks this thread. */
  look<T>(action: (zvec: ZVecCollection) => T): Async<T>;
  /** Changes so small that each blocks this thread for a moment only; one list after the other. */
  write(changes: readonly Change[]): Async<void>;
  optimize(): Async<void>;
  /** Waits for what is going on. */
  close(): Promise<void>;
}

export function createEngine(collection: DurableCollection): Engine {
  const { attempt, end } = createLifetime();
  const door = createDoor();
  const writes = createTurns();
  const optimizations = createTurns();
  let optimizing = false;
  let sealed: Promise<unknown> = Promise.resolve();

  async function applyAll(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      await sealed;
      await collection.apply(change);
      await setImmediate();
    }
    if (collection.isCheckpointDue() && !optimizing) await door.closed(collection.checkpoint);
  }

  async function optimize(): Promise<void> {
    try {
      await (
        await door.through(startOptimizing)
      ).finished;
    } finally {
      optimizing = false;
    }
    await writes(() => door.closed(collection.checkpoint));
  }

  async function startOptimizing() {
    optimizing = true;
    collection.touched();
    const zvec = collection.current();
    const optimized = zvec.optimize();
    // While zvec seals new points, a synchronous call would block this thread until it is done.
    const sealing = Promise.race([optimized, setTimeout(20)]).then(() => probe(zvec));
    sealed = sealing.catch(() => undefined);
    return { finished: Promise.all([optimized, sealing]) };
  }

  return {
    async read(action, signal) {
      if (signal?.aborted) return err(abortFailure(signal));
      const result = attempt(() => door.through(() => action(collection.current())));
      return signal ? untilAborted(result, signal) : result;
    },
    look: (action) =>
      attempt(() => door.through(() => sealed.then(() => action(collection.current())))),
    write: (changes) => attempt(() => writes(() => applyAll(changes))),
    optimize: () => attempt(() => optimizations(optimize)),
    close: () => end(collection.close),
  };
}

/** Lets any number through at a time, or closes while something is done that bears nobody beside. */
function createDoor() {
  const inside = new Set<Promise<unknown>>();
  let open: Promise<unknown> = Promise.resolve();
  return {
    async through<T>(action: () => Promise<T>): Promise<T> {
      await open;
      const going = action();
      inside.add(going);
      try {
        return await going;
      } finally {
        inside.delete(going);
      }
    },
    async closed(action: () => Promise<void>): Promise<void> {
      const done = open.then(() => Promise.allSettled(inside)).then(action);
      open = done.catch(() => undefined);
      await done;
    },
  };
}

/** Runs actions until the end, which waits for those that run; afterwards they fail. */
function createLifetime() {
  const running = new Set<Promise<unknown>>();
  let ended: Promise<void> | undefined;
  return {
    async attempt<T>(action: () => Promise<T>): Async<T> {
      if (ended) return err(unavailable('it is closed'));
      const attempted = settle(action);
      running.add(attempted);
      const result = await attempted;
      running.delete(attempted);
      return result;
    },
    end(release: () => Promise<void>): Promise<void> {
      ended ??= Promise.allSettled(running).then(release);
      return ended;
    },
  };
}

/** A query that finds nothing: it is answered as soon as readers are let in again. */
function probe(collection: ZVecCollection): Promise<unknown> {
  return collection.query({ filter: "facets contain_any ('-')", topk: 1 });
}

async function settle<T>(action: () => Promise<T>): Async<T> {
  try {
    return ok(await action());
  } catch (cause) {
    return err(unavailable('it has failed', cause));
  }
}

function unavailable(why: string, cause?: unknown): Failure {
  return failure('store_unavailable', `Cannot use the embedded vector store as ${why}`, { cause });
}

/** Runs one action after the other. */
function createTurns(): <T>(action: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (action) => {
    const turn = last.then(action);
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** zvec cannot be interrupted: its answer is waited for no longer, and dropped when it comes. */
async function untilAborted<T>(
  result: Promise<Result<T, Failure>>,
  signal: AbortSignal,
): Promise<Result<T, Failure>> {
  const { promise: aborted, resolve } = Promise.withResolvers<Result<T, Failure>>();
  const abort = () => resolve(err(abortFailure(signal)));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
