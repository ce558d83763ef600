import type { Async, Failure } from './failure.ts';
import { createIndexer, type Indexer, type IndexerParts, type Outcome } from './indexer.ts';
import { inOrder } from './in-parallel.ts';
import type { ListFailure, ObjectInfo } from './object-store.ts';
import { err, ok, type Result } from './result.ts';

export interface IndexObjectsOptions extends Omit<IndexerParts, 'encoder' | 'store'> {
  /** Pictures that are encoded together. */
  readonly batchSize: number;
  /** As of `createIndexer`. */
  readonly batchesUnderWay?: number | undefined;
  readonly fileBytes?: number | undefined;
  /** Keys that begin with this alone. */
  readonly prefix?: string | undefined;
  /** Whether a file is this run's business. By default all are. */
  readonly take?: (info: Pick<ObjectInfo, 'key'>) => boolean;
  /** Whether pictures whose file is gone are removed, as far as this run goes. By default they stay. */
  readonly prune?: boolean;
  /** Whether the store is optimized at the end. By default it is. */
  readonly optimize?: boolean;
  readonly signal?: AbortSignal;
  /** Told of every file once, soon after it is done, in the order of the list. */
  readonly onOutcomes: (outcomes: readonly Outcome[]) => Promise<void>;
}

/**
 * Brings the index up to the state of a folder or bucket. What was done stays done when it is
 * interrupted. A list that is `cancelled`, or of a bucket that does not answer, ends it: what is under way
 * by then is finished and told of.
 */
export async function indexObjects(
  engine: Pick<IndexerParts, 'encoder' | 'store'>,
  options: IndexObjectsOptions,
): Async<void> {
  const indexer = createIndexer({ ...options, encoder: engine.encoder, store: engine.store });
  const indexed = await indexListed(indexer, options);
  if (!indexed.ok) return indexed;
  if (options.prune) {
    const pruned = await pruneRecords(engine, indexer, options);
    if (!pruned.ok) return pruned;
  }
  return options.optimize === false ? ok(undefined) : engine.store.optimize();
}

type Listed = Result<ObjectInfo, ListFailure>;

async function indexListed(indexer: Indexer, options: IndexObjectsOptions): Async<void> {
  const { objects, prefix = '', batchSize, batchesUnderWay = 3, onOutcomes, signal } = options;
  const listed = objects.list({ prefix, signal });
  const pages = pagesOf(listed, batchSize, (info) => isOurs(info, options));
  // While some are read and encoded, one is compared with the index, and one is written.
  const done = inOrder(pages, batchesUnderWay + 2, async (page) =>
    page.ok ? indexPage(indexer, page.value, signal) : page,
  );
  for await (const outcomes of done) {
    if (!outcomes.ok) return outcomes;
    await onOutcomes(outcomes.value);
  }
  return ok(undefined);
}

/** Pages of a list, and the failure that ended it. What was gathered for a page by then is dropped. */
async function* pagesOf(
  items: AsyncIterable<Listed>,
  size: number,
  takes: (info: ObjectInfo) => boolean,
): AsyncGenerator<Result<Listed[], Failure>> {
  let page: Listed[] = [];
  for await (const item of items) {
    if (!item.ok && endsList(item.error.failure)) {
      yield err(item.error.failure);
      return;
    }
    if (item.ok && !takes(item.value)) continue;
    page.push(item);
    if (page.length < size) continue;
    yield ok(page);
    page = [];
  }
  if (page.length > 0) yield ok(page);
}

function isOurs(
  info: Pick<ObjectInfo, 'key'>,
  { prefix = '', take = () => true }: IndexObjectsOptions,
): boolean {
  return info.key.startsWith(prefix) && take(info);
}

function endsList({ code }: Failure): boolean {
  return code === 'cancelled' || code === 'objects_unavailable';
}

async function indexPage(
  indexer: Indexer,
  page: readonly Listed[],
  signal: AbortSignal | undefined,
): Async<Outcome[]> {
  const infos = page.flatMap((item) => (item.ok ? [item.value] : []));
  const unlisted = page.flatMap((item) => (item.ok ? [] : [toOutcome(item.error)]));
  const outcomes = await indexer.index(infos, signal);
  return outcomes.ok ? ok([...unlisted, ...outcomes.value]) : outcomes;
}

async function pruneRecords(
  { store }: Pick<IndexerParts, 'store'>,
  indexer: Indexer,
  options: IndexObjectsOptions,
): Async<void> {
  const { signal, onOutcomes } = options;
  for await (const page of store.scan(signal)) {
    if (!page.ok) return page;
    const ours = page.value.filter(({ origin }) => isOurs(origin, options));
    const removed = await indexer.prune(ours, signal);
    if (!removed.ok) return removed;
    await onOutcomes(removed.value);
  }
  return ok(undefined);
}

function toOutcome({ key, failure: { code, detail } }: ListFailure): Outcome {
  return { id: '', path: key, outcome: 'failed', code, reason: detail };
}
