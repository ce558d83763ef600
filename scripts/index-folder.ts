import { inBatches } from '../core/batches.ts';
import type { Async } from '../core/failure.ts';
import { createIndexer, type Indexer, type Outcome } from '../core/indexer.ts';
import type { ListFailure, ObjectInfo, ObjectReader } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Opened } from './open-local.ts';

/** Files of one batch are in memory at once, and two batches are under way. */
const maxBatchBytes = 64 * 1024 * 1024;

export interface IndexFolderOptions {
  readonly objects: ObjectReader;
  readonly batchSize: number;
  readonly category?: string | undefined;
  readonly prune: boolean;
  readonly signal?: AbortSignal;
  /** Told of every file once, soon after it is done. */
  readonly onOutcomes: (outcomes: readonly Outcome[]) => Promise<void>;
}

/** Brings the index up to the state of a folder. What was done stays done when it is interrupted. */
export async function indexFolder(
  engine: Opened['engine'],
  options: IndexFolderOptions,
): Async<void> {
  const indexer = createIndexer({ ...engine, ...options });
  const indexed = await indexFiles(indexer, options);
  if (!indexed.ok) return indexed;
  if (options.prune) {
    const pruned = await pruneRecords(engine, indexer, options);
    if (!pruned.ok) return pruned;
  }
  return engine.store.optimize();
}

/** The next batch is decoded while the one before is encoded and stored. */
async function indexFiles(indexer: Indexer, options: IndexFolderOptions): Async<void> {
  const { objects, batchSize, onOutcomes, signal } = options;
  const limits = { maxCount: batchSize, maxWeight: maxBatchBytes };
  let running: Async<Outcome[]> = Promise.resolve(ok([]));
  for await (const batch of inBatches(objects.list({ signal }), limits, bytesOf)) {
    const next = indexBatch(indexer, batch, signal);
    const done = await running;
    running = next;
    if (!done.ok) return next.then(() => done);
    await onOutcomes(done.value);
  }
  const done = await running;
  if (!done.ok) return done;
  await onOutcomes(done.value);
  return ok(undefined);
}

async function indexBatch(
  indexer: Indexer,
  batch: readonly Result<ObjectInfo, ListFailure>[],
  signal: AbortSignal | undefined,
): Async<Outcome[]> {
  const unlisted: Outcome[] = [];
  for (const item of batch) {
    if (item.ok) continue;
    if (item.error.failure.code === 'cancelled') return err(item.error.failure);
    unlisted.push(toOutcome(item.error));
  }
  const outcomes = await indexer.index(
    batch.flatMap((item) => (item.ok ? [item.value] : [])),
    signal,
  );
  return outcomes.ok ? ok([...unlisted, ...outcomes.value]) : outcomes;
}

async function pruneRecords(
  { store }: Opened['engine'],
  indexer: Indexer,
  { signal, onOutcomes }: IndexFolderOptions,
): Async<void> {
  for await (const page of store.scan(signal)) {
    if (!page.ok) return page;
    const removed = await indexer.prune(page.value, signal);
    if (!removed.ok) return removed;
    await onOutcomes(removed.value);
  }
  return ok(undefined);
}

function toOutcome({ key, failure }: ListFailure): Outcome {
  return { id: '', path: key, outcome: 'failed', reason: failure.detail };
}

function bytesOf(item: Result<ObjectInfo, ListFailure>): number {
  // Larger files are refused unread.
  return item.ok ? Math.min(item.value.bytes, maxBatchBytes) : 0;
}
