import { chunks } from './chunks.ts';
import type { Async, Failure } from './failure.ts';
import type { ObjectInfo } from './object-store.ts';
import { eachOf, type Reconciling, sendBack, sendKeys, type Stop } from './reconciling.ts';
import { err, ok, type Result } from './result.ts';

/** So many may go in any case, be they all that there are. */
const few = 1000;

/** All that is kept of a record. */
interface Candidate {
  readonly id: string;
  readonly key: string;
  readonly version: string;
}

/**
 * Removes the records whose picture is gone. To be called when the whole bucket was listed, and never
 * else. The first scan counts, and does for as many as can be kept; where there are more, and may be, a
 * second one finds them again.
 */
export async function removeOrphans(work: Reconciling): Promise<Result<void, Stop>> {
  const first: Candidate[] = [];
  let count = 0;
  for await (const page of candidatesOf(work)) {
    if (!page.ok) return page;
    count += page.value.candidates.length;
    first.push(...page.value.candidates.slice(0, few - first.length));
    work.counts.indexed += page.value.ours;
    work.counts.otherRoots += page.value.others;
    work.onProgress?.('scanning', page.value.ours + page.value.others);
  }
  if (count <= few) return removeAll(work, first);
  const refused = await refuseTooMany(work, first, count);
  if (!refused.ok) return refused;
  for await (const page of candidatesOf(work)) {
    if (!page.ok) return page;
    const removed = await removeAll(work, page.value.candidates);
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}

interface ScannedPage {
  /** Records of this bucket whose picture was not listed: it is gone, or came meanwhile. */
  readonly candidates: readonly Candidate[];
  readonly ours: number;
  readonly others: number;
}

async function* candidatesOf(work: Reconciling): AsyncGenerator<Result<ScannedPage, Failure>> {
  const { store, objects, listed, signal } = work;
  for await (const page of store.scan(signal)) {
    if (!page.ok) return yield page;
    const ours = page.value.filter(({ origin }) => origin.root === objects.root);
    const candidates = ours
      .filter(({ id }) => !listed.has(id))
      .map(({ id, origin: { key, version } }) => ({ id, key, version }));
    yield ok({ candidates, ours: ours.length, others: page.value.length - ours.length });
  }
}

/** How many of so many are gone is judged by the first ones: ids are hashes, so it might be any. */
async function refuseTooMany(
  work: Reconciling,
  first: readonly Candidate[],
  count: number,
): Promise<Result<void, Stop>> {
  const { counts, maxRemovedShare = 0.5, force = false } = work;
  if (force || count <= counts.indexed * maxRemovedShare) return ok(undefined);
  const heads = await headsOf(work, first);
  if (!heads.ok) return heads;
  const gone = heads.value.filter((head) => head === undefined).length;
  const orphans = Math.round((gone / first.length) * count);
  if (orphans <= counts.indexed * maxRemovedShare) return ok(undefined);
  const detail = `Cannot take so many pictures out of the index as they are too many to go at once (is it the right bucket? --force, or "force": true, removes them): ${orphans} of ${counts.indexed}`;
  return err({ code: 'too_many_orphans', detail });
}

async function removeAll(work: Reconciling, candidates: readonly Candidate[]): Async<void> {
  for (const some of chunks(candidates, few)) {
    const gone = await findGone(work, some);
    if (!gone.ok) return gone;
    const removed = await removeGone(work, gone.value);
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}

/** Those whose picture is not there; the others came meanwhile, and are indexed if they are not. */
async function findGone(work: Reconciling, candidates: readonly Candidate[]): Async<Candidate[]> {
  const heads = await headsOf(work, candidates);
  if (!heads.ok) return heads;
  const changed = candidates.filter(({ version }, index) => {
    const info = heads.value[index];
    return info !== undefined && info.version !== version;
  });
  work.counts.stale += changed.length;
  const sent = await sendKeys(
    work,
    changed.map(({ key }) => key),
  );
  if (!sent.ok) return sent;
  return ok(candidates.filter((_, index) => heads.value[index] === undefined));
}

function headsOf(
  { objects, signal }: Reconciling,
  candidates: readonly Candidate[],
): Async<(ObjectInfo | undefined)[]> {
  return eachOf(candidates, ({ key }) => objects.head(key, signal));
}

async function removeGone(work: Reconciling, gone: readonly Candidate[]): Async<void> {
  const { own, store, counts, dryRun = false, signal } = work;
  counts.orphans += gone.length;
  if (dryRun || gone.length === 0) return ok(undefined);
  // First, as nothing would remind of them without the record.
  const ids = gone.map(({ id }) => id);
  const cleaned = await own.remove({ thumbnails: ids, rejects: ids }, signal);
  const removed = cleaned.ok ? await store.remove(ids, signal) : cleaned;
  // One that came back before this removal may have been indexed before it too. That is looked at also
  // when the time is over, or part of it has failed.
  const again = await sendBack(
    work,
    gone.map(({ key }) => key),
  );
  return removed.ok ? again : removed;
}
