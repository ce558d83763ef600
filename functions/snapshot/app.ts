import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { EmfCollection } from '../../adapters/emf-collection.ts';
import { type Async, type Failure, failure } from '../../core/failure.ts';
import type { Logger } from '../../core/ports.ts';
import { err, ok, type Result } from '../../core/result.ts';
import {
  createSnapshot,
  type OnBytes,
  restoreSnapshot,
  type SnapshotPlace,
  type SnapshotStore,
} from '../../core/snapshots.ts';
import type { Clock } from '../../core/timings.ts';
import { type BatchTime, type RemainingTime, startBatchTime } from '../batch-time.ts';
import { keepLast } from './keep-last.ts';
import { explainStop, type Made, type SnapshotRun, tellRun } from './tell-run.ts';
import { withinTime } from './within-time.ts';

/** `restore` names a copy that takes the place of the index; without it one is made. */
const SnapshotEvent = z.object({ restore: z.string().min(1).optional() });

export interface SnapshotFunctionParts {
  readonly store: SnapshotStore;
  readonly place: SnapshotPlace;
  /** What names of copies begin with. */
  readonly collection: string;
  /** How many of them are kept. */
  readonly kept: number;
  /** Removes what runs that were cut short left on the disk of the store, and counts it. */
  readonly removeLeftovers: () => Async<number>;
  /** Ends what caches keep of answers, and gives whether that is certain. Left out where none are kept. */
  readonly endAnswers?: (() => Promise<boolean>) | undefined;
  readonly metrics: Pick<EmfCollection, 'add' | 'count' | 'flush'>;
  readonly logger: Logger;
  readonly now: Clock;
  /** Milliseconds since 1970. */
  readonly epochMs: () => number;
  /** Kept of an invocation's time for what comes after the copy. */
  readonly marginMs?: number;
}

export type SnapshotFunction = (event: unknown, context: RemainingTime) => Promise<SnapshotRun>;

/**
 * The function that copies the index to a bucket every night, or with `{ "restore": "<name>" }` brings a
 * copy back. Bytes go through it, and are never in memory as a whole.
 *
 * It ends in time. An index that takes longer is not copied, and that a second run would not change: it
 * says so, in `stopped`, and does not throw. Whatever else goes wrong it throws, to be run again.
 */
export function createSnapshotFunction(parts: SnapshotFunctionParts): SnapshotFunction {
  const { now, marginMs = 30_000 } = parts;
  return async (event, context) => {
    const { restore } = readEvent(event);
    const action = restore === undefined ? 'create' : 'restore';
    const name = restore ?? nameOf(parts);
    const startMs = now();
    const time = startBatchTime(context, marginMs);
    let bytes = 0;
    const onBytes = (some: number): void => void (bytes += some);
    const store = withinTime(parts.store, time.signal);
    try {
      const work =
        action === 'create'
          ? copy({ ...parts, store }, name, onBytes)
          : bringBack({ ...parts, store }, name, onBytes);
      const done = await inTime(work, time);
      const seconds = Math.round(now() - startMs) / 1000;
      const stopped = done.ok
        ? null
        : explainStop(parts.place, done.error, { action, bytes, seconds });
      const made = done.ok ? done.value : { vectors: 0, removed: [] };
      const run = { action, name, finished: done.ok, seconds, bytes, ...made, stopped } as const;
      tellRun(parts, run);
      if (done.ok || done.error.code === 'timeout') return run;
      throw new Error(done.error.detail, { cause: done.error.cause });
    } finally {
      time.stop();
    }
  };
}

function readEvent(event: unknown): z.output<typeof SnapshotEvent> {
  const read = SnapshotEvent.safeParse(event ?? {});
  if (read.success) return read.data;
  const { path = [], message } = read.error.issues[0] ?? {};
  throw new TypeError(
    `Cannot copy the index as the event is not valid: ${path.join('.')} ${message}`,
  );
}

/** As `npm run snapshot` names them. */
function nameOf({ collection, epochMs }: SnapshotFunctionParts): string {
  return `${collection}-${new Date(epochMs()).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}

async function copy(parts: SnapshotFunctionParts, name: string, onBytes: OnBytes): Async<Made> {
  const { store, place, logger } = parts;
  const cleared = await parts.removeLeftovers();
  if (!cleared.ok) logger.warn({ failure: cleared.error }, 'Cannot clear up after earlier runs');
  else if (cleared.value > 0)
    logger.warn({ count: cleared.value }, 'Cleared up after earlier runs');
  const made = await createSnapshot(store, place, name, onBytes);
  if (!made.ok) return made;
  const removed = await keepLast(place, parts);
  if (!removed.ok) logger.warn({ failure: removed.error }, 'Cannot remove older copies');
  return ok({ vectors: made.value.vectors, removed: removed.ok ? removed.value : [] });
}

async function bringBack(
  { store, place, endAnswers, logger }: SnapshotFunctionParts,
  name: string,
  onBytes: OnBytes,
): Async<Made> {
  const restored = await restoreSnapshot(store, place, name, onBytes);
  if (!restored.ok) return restored;
  if (endAnswers && !(await untilCertain(endAnswers))) logger.warn({ name }, stillKept);
  return ok({ vectors: restored.value.vectors, removed: [] });
}

/** The connection to the cache may be an hour old, and has to be made anew then. */
async function untilCertain(end: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 20; tries += 1) {
    if (await end()) return true;
    await sleep(100);
  }
  return false;
}

const stillKept =
  'Cannot end the answers of the index before as the cache does not answer: they are given until REDIS_CACHE_TTL has passed';

/** What fails because the time is over fails with `timeout`, whatever it says itself. */
async function inTime<T>(work: Async<T>, time: BatchTime): Promise<Result<T, Failure>> {
  const done = (await time.waitFor(work)) ? await work : undefined;
  if (done?.ok || (done && !time.signal.aborted)) return done;
  const cause = done?.error;
  return err(failure('timeout', 'Cannot finish as the time of the invocation is over', { cause }));
}
