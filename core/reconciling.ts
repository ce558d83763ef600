import type { BloomFilter } from './bloom-filter.ts';
import { chunks } from './chunks.ts';
import { abortFailure, type Async, type Failure, type FailureCode } from './failure.ts';
import { ImageId } from './model.ts';
import type { ObjectInfo } from './object-store.ts';
import type { ReconcileParts } from './reconcile.ts';
import type { OwnFiles } from './rejects.ts';
import { err, ok, type Result } from './result.ts';

export interface ReconcileCounts {
  /** Pictures of the bucket that were listed. */
  pictures: number;
  /** How far the listing came, in the order of the keys. */
  lastKey: string | null;
  /** Pictures that the index did not have. */
  missing: number;
  /** Pictures that the index had in another state. */
  stale: number;
  /** Pictures that the index does not have as they can't be indexed: a reject says why. */
  rejected: number;
  /** Keys that were given to the indexer: missing, stale, and come back. */
  sent: number;
  /** Records of this bucket in the index, at the beginning of the second step. */
  indexed: number;
  /** Records of other buckets and folders, which are left alone. */
  otherRoots: number;
  /** Records whose picture was gone. */
  orphans: number;
  /** Thumbnails and rejects whose picture was gone, and had no record any more. */
  leftovers: number;
}

/** What the steps share. */
export interface Reconciling extends ReconcileParts {
  readonly listed: BloomFilter;
  readonly rejects: BloomFilter;
  readonly own: OwnFiles;
  readonly counts: ReconcileCounts;
}

/** Why it can't go on. */
export interface Stop {
  readonly code: FailureCode | 'too_many_orphans';
  readonly detail: string;
}

/** Pictures, records or files that are looked at in one go. */
export const pageSize = 1000;

const atOnce = 16;

/**
 * The results of the work, in order; ends at the first failure. Not by `mapBounded`, which goes through
 * all: a bucket that is down is asked sixteen times, and not a thousand.
 */
export async function eachOf<T, U>(items: readonly T[], work: (item: T) => Async<U>): Async<U[]> {
  const values: U[] = [];
  for (const some of chunks(items, atOnce)) {
    for (const result of await Promise.all(some.map(work))) {
      if (!result.ok) return result;
      values.push(result.value);
    }
  }
  return ok(values);
}

/** What is below a prefix, or all pictures, page by page; the first failure is the end. */
export async function* listPages(
  { objects, signal }: Reconciling,
  prefix?: string,
): AsyncGenerator<Result<ObjectInfo[], Failure>> {
  let page: ObjectInfo[] = [];
  for await (const item of objects.list({ signal, ...(prefix !== undefined && { prefix }) })) {
    if (!item.ok) return yield err(item.error.failure);
    page.push(item.value);
    if (page.length < pageSize) continue;
    yield ok(page);
    page = [];
    if (signal?.aborted) return yield err(abortFailure(signal));
  }
  if (page.length > 0) yield ok(page);
}

/** Gives keys to the indexer. */
export async function sendKeys(work: Reconciling, keys: readonly string[]): Async<void> {
  if (keys.length === 0) return ok(undefined);
  const sent = work.dryRun ? ok(undefined) : await work.send(keys, work.signal);
  if (sent.ok) work.counts.sent += keys.length;
  return sent;
}

/** Gives those of these keys to the indexer that are there again. It heeds no signal, and takes seconds. */
export async function sendBack(work: Reconciling, keys: readonly string[]): Async<void> {
  const heads = await eachOf(keys, (key) => work.objects.head(key));
  if (!heads.ok) return heads;
  const back = keys.filter((_, index) => heads.value[index] !== undefined);
  return sendAll({ ...work, signal: undefined }, back);
}

export async function sendAll(work: Reconciling, keys: readonly string[]): Async<void> {
  for (const some of chunks(keys, pageSize)) {
    const sent = await sendKeys(work, some);
    if (!sent.ok) return sent;
  }
  return ok(undefined);
}

/** The id that one of our own files is named for. */
export function idOfOwnKey(key: string): ImageId | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return ImageId.safeParse(name.slice(0, name.lastIndexOf('.'))).data;
}
