import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ZVecCollection } from '@zvec/zvec';
import { type Async, type Failure, abortFailure, failure } from '../core/failure.ts';
import { type Result, err, ok } from '../core/result.ts';
import type { DurableCollection } from './embedded-durable.ts';
import { hasAny } from './embedded-filter.ts';
import type { Change } from './embedded-journal.ts';
import { createDoor, createTurns } from './embedded-turns.ts';

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
  const optimizer = createOptimizer(collection);
  const checkpoint = () => door.closed(collection.checkpoint);

  async function applyAll(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      await optimizer.sealed();
      await collection.apply(change);
      await setImmediate();
    }
    if (collection.isCheckpointDue()) await checkpoint();
  }

  async function optimize(): Promise<void> {
    if (await door.through(async () => collection.isOptimal())) return;
    await collection.renew(door.closed);
    const { finished } = await door.through(async () => optimizer.start());
    await finished;
    await checkpoint();
  }

  return {
    async read(action, signal) {
      if (signal?.aborted) return err(abortFailure(signal));
      const result = attempt(() => door.through(() => action(collection.current())));
      return signal ? untilAborted(result, signal) : result;
    },
    look: (action) =>
      attempt(() =>
        door.through(async () => {
          await optimizer.sealed();
          return action(collection.current());
        }),
      ),
    write: (changes) => attempt(() => writes(() => applyAll(changes))),
    // Writes wait until it is over: what they replace would spoil what is being built.
    optimize: () => attempt(() => writes(optimize)),
    close: () => end(collection.close),
  };
}

function createOptimizer(collection: DurableCollection) {
  let sealed: Promise<unknown> = Promise.resolve();
  return {
    /** While zvec seals new points, a synchronous call would block this thread until it is done. */
    sealed: () => sealed,
    start() {
      const zvec = collection.current();
      const optimized = zvec.optimize();
      // A query that finds nothing is answered as soon as zvec lets readers in again.
      const probe = () => zvec.query({ filter: hasAny([]), topk: 1 });
      const sealing = Promise.race([optimized, setTimeout(20)]).then(probe);
      sealed = sealing.catch(() => undefined);
      collection.touched();
      return { finished: Promise.all([optimized, sealing]) };
    },
  };
}

/** Runs actions until the end, which waits for those that run; afterwards they fail. */
function createLifetime() {
  const running = new Set<Promise<unknown>>();
  let ended: Promise<unknown> | undefined;
  return {
    async attempt<T>(action: () => Promise<T>): Async<T> {
      if (ended) return err(unavailable('it is closed'));
      const attempted = settle(action);
      running.add(attempted);
      const result = await attempted;
      running.delete(attempted);
      return result;
    },
    async end(release: () => Promise<unknown>): Promise<void> {
      ended ??= Promise.allSettled(running).then(release);
      await ended;
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

function unavailable(why: string, cause?: unknown): Failure {
  return failure('store_unavailable', `Cannot use the embedded vector store as ${why}`, { cause });
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
