import { type Async, type Failure, failure } from './failure.ts';
import type { LeftOut, PointSource } from './point-sources.ts';
import type { Successor, VectorStore } from './ports.ts';
import type { Predecessor } from './predecessor.ts';
import { type Reindexing, runPass } from './reindex-pass.ts';
import { settleAfterSwitch } from './reindex-settle.ts';
import { err, ok } from './result.ts';
import { createSeenRecords } from './seen-records.ts';

export interface ReindexParts {
  /** The collection that is searched. */
  readonly from: Pick<VectorStore, 'get' | 'scan' | 'scanPoints' | 'count'>;
  readonly successor: Successor;
  readonly source: PointSource;
  /** Whether the old collection stays, where it can: then it is deleted by hand one day. */
  readonly keepOld?: boolean;
  /** Told of every page: how many records were looked at in the first pass. */
  readonly onProgress?: (count: number) => void;
  /** Told when the next part begins. */
  readonly onStep?: (step: ReindexStep) => void;
  readonly signal?: AbortSignal | undefined;
}

export type ReindexStep = 'copying' | 'catching-up' | 'optimizing' | 'publishing' | 'settling';

export interface ReindexReport {
  /** Points that were made and put in, those of changed records again. */
  readonly added: number;
  /** Points taken out again, as their record has gone meanwhile. */
  readonly removed: number;
  readonly leftOut: readonly LeftOut[];
}

/** More would be a race with writes that never pause; what is left then, the last pass brings. */
const maxPasses = 20;

/**
 * Fills a successor with all that the old collection has, and puts it in its place. Searches and
 * writes go on meanwhile: passes of old against new are repeated until one finds no difference, and a
 * last one after the switch brings what was written to the old collection before it. After a failure or
 * an abort the same call goes on where it was.
 */
export async function reindex(parts: ReindexParts): Async<ReindexReport> {
  const seen = createSeenRecords();
  const work: Reindexing = { ...parts, seen, leftOut: new Map(), added: 0, removed: 0 };
  const { successor, onStep } = work;
  onStep?.('copying');
  const filled = await catchUp(work);
  if (!filled.ok) return filled;
  const refused = await refuseEmpty(work);
  if (refused) return err(refused);
  onStep?.('optimizing');
  const optimized = await successor.store.optimize();
  if (!optimized.ok) return optimized;
  const caughtUp = await catchUp(work);
  if (!caughtUp.ok) return caughtUp;
  onStep?.('publishing');
  const published = await successor.publish();
  if (!published.ok) return published;
  const settled = published.value ? await finish(work, published.value) : ok(undefined);
  if (!settled.ok) return settled;
  return ok({ added: work.added, removed: work.removed, leftOut: [...work.leftOut.values()] });
}

async function finish(work: Reindexing, predecessor: Predecessor): Async<void> {
  work.onStep?.('settling');
  const settled = await settleAfterSwitch(work, predecessor.store);
  return settled.ok && !work.keepOld ? predecessor.remove() : settled;
}

async function catchUp(work: Reindexing): Async<void> {
  for (let pass = 1; pass <= maxPasses; pass += 1) {
    const changes = await runPass(work);
    if (!changes.ok) return changes;
    if (changes.value === 0) break;
    work.onStep?.('catching-up');
  }
  return ok(undefined);
}

async function refuseEmpty({
  from,
  successor,
  leftOut,
  signal,
}: Reindexing): Promise<Failure | undefined> {
  const [before, after] = await Promise.all([from.count(signal), successor.store.count(signal)]);
  if (!before.ok) return before.error;
  if (!after.ok) return after.error;
  if (before.value === 0 || after.value > 0) return undefined;
  const [first] = leftOut.values();
  return failure(
    'image_unreadable',
    `Cannot replace the collection as none of its ${before.value} pictures can be encoded: ${first?.failure.detail ?? ''}`,
  );
}
