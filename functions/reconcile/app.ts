import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { EmfCollection } from '../../adapters/emf-collection.ts';
import type { Async } from '../../core/failure.ts';
import { formatObjectMessage } from '../../core/object-event.ts';
import { reconcilePrefix } from '../../core/own-keys.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import type { Logger, VectorStore } from '../../core/ports.ts';
import type { Queue } from '../../core/queue.ts';
import { reconcile, type ReconcileReport } from '../../core/reconcile.ts';
import type { Clock } from '../../core/timings.ts';
import { type RemainingTime, startBatchTime } from '../batch-time.ts';

/** `force` removes also what is too much to go at once; `dry_run` counts, and changes nothing. */
const ReconcileEvent = z.object({
  force: z.boolean().default(false),
  dry_run: z.boolean().default(false),
});

export interface ReconcileFunctionParts {
  readonly bucket: string;
  readonly objects: ObjectStore;
  /** For one run, at the end of which it is closed. */
  readonly openStore: () => Async<VectorStore>;
  readonly queue: Pick<Queue, 'send'>;
  readonly metrics: Pick<EmfCollection, 'add' | 'count' | 'flush'>;
  readonly logger: Logger;
  readonly now: Clock;
  /** Milliseconds since 1970. */
  readonly epochMs: () => number;
  /** A whole number of 32 bits. */
  readonly randomSeed: () => number;
  readonly filterBytes?: number;
  readonly maxRemovedShare?: number;
  /** How long a picture may be without its record when its thumbnail is there. */
  readonly settleMs?: number;
  /** Kept of an invocation's time for what comes after the run. */
  readonly marginMs?: number;
}

/** What a run has done, as it is kept in the bucket. */
export interface ReconcileRun extends ReconcileReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly seconds: number;
}

export type ReconcileFunction = (event: unknown, context: RemainingTime) => Promise<ReconcileRun>;

/**
 * The function that compares a bucket with its index, every night by a schedule or when somebody invokes
 * it, with `{ "force": true }` if need be. It ends in time: what it did not come to is in its report
 * (`finished`, `step`, `lastKey`), and the next run begins anew.
 *
 * Fifteen minutes are enough for about two million pictures: 870 s, and for each thousand of them two
 * pages of a listing (pictures and thumbnails, 150 ms each), one request for their records and four pages
 * of the index (100 ms in all): 2,175 times 400 ms. More are reconciled by `npm run reconcile`, which takes
 * the time that it takes, in a task of its own.
 *
 * Throws where it can't begin. A run that stopped halfway does not throw: it would only be run again at
 * once, from its beginning.
 */
export function createReconcileFunction(parts: ReconcileFunctionParts): ReconcileFunction {
  const { openStore, now, epochMs, marginMs = 30_000 } = parts;
  return async (event, context) => {
    const asked = readEvent(event);
    const [startMs, startedAt] = [now(), new Date(epochMs()).toISOString()];
    const time = startBatchTime(context, marginMs);
    try {
      const store = await openStore();
      if (!store.ok) {
        tellFailure(parts);
        throw new Error(store.error.detail, { cause: store.error.cause });
      }
      const report = await reconcile({
        ...parts,
        store: store.value,
        send: (keys, signal) => send(parts, keys, signal),
        seed: parts.randomSeed(),
        force: asked.force,
        dryRun: asked.dry_run,
        settle: () => settle(parts, time.signal),
        signal: time.signal,
      }).finally(() => store.value.close());
      const seconds = Math.round(now() - startMs) / 1000;
      const run = { ...report, startedAt, seconds };
      // First: where the bucket does not answer, no more may come of this.
      tell(parts, run);
      await keep(parts, run, time.answerSignal());
      return run;
    } finally {
      time.stop();
    }
  };
}

function readEvent(event: unknown): z.output<typeof ReconcileEvent> {
  const read = ReconcileEvent.safeParse(event ?? {});
  if (read.success) return read.data;
  const { path = [], message } = read.error.issues[0] ?? {};
  throw new TypeError(`Cannot reconcile as the event is not valid: ${path.join('.')} ${message}`);
}

function send(
  { queue, bucket }: ReconcileFunctionParts,
  keys: readonly string[],
  signal?: AbortSignal,
): Async<void> {
  const messages = formatObjectMessage(bucket, keys).map((body) => ({ body }));
  return queue.send(messages, signal);
}

/** Until the time is over, at most. */
async function settle(
  { settleMs = 30_000 }: ReconcileFunctionParts,
  signal: AbortSignal,
): Promise<void> {
  await sleep(settleMs, undefined, { signal }).catch(() => undefined);
}

async function keep(
  { objects, logger }: ReconcileFunctionParts,
  run: ReconcileRun,
  signal: AbortSignal,
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(run, undefined, 2)}\n`);
  const key = `${reconcilePrefix}${run.startedAt}.json`;
  const kept = await objects.put(key, bytes, { contentType: 'application/json', signal });
  if (!kept.ok) logger.warn({ failure: kept.error }, 'Cannot keep the report of the reconcile run');
}

const counted = [
  'pictures',
  'missing',
  'stale',
  'rejected',
  'orphans',
  'leftovers',
  'sent',
] as const;

function tell({ metrics, logger }: ReconcileFunctionParts, run: ReconcileRun): void {
  for (const name of counted) metrics.count(name, run[name]);
  metrics.count('finished', run.finished ? 1 : 0);
  metrics.add('run_duration', 'Milliseconds', run.seconds * 1000);
  metrics.flush();
  if (run.finished) logger.info({ reconcile: run }, 'Reconciled');
  else logger.warn({ reconcile: run }, `Did not finish: ${run.stopped?.detail}`);
}

function tellFailure({ metrics }: ReconcileFunctionParts): void {
  metrics.count('finished', 0);
  metrics.flush();
}
