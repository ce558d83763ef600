import type { Async } from './failure.ts';
import type { ImageId, ImageRecord } from './model.ts';
import { chunks } from './chunks.ts';
import { rejectsPrefix, thumbnailsPrefix } from './own-keys.ts';
import {
  eachOf,
  idOfOwnKey,
  listPages,
  pageSize,
  type Reconciling,
  sendAll,
  sendBack,
} from './reconciling.ts';
import { ok } from './result.ts';

/** What one run removes; the rest waits for the next. */
const most = 10_000;

/**
 * Removes thumbnails and rejects whose picture is gone and has no record any more: an indexer died between
 * the two. To be called when the whole bucket was listed, and what has a record is right.
 */
export async function removeLeftovers(work: Reconciling): Async<void> {
  const rejects = await removeRejects(work);
  return rejects.ok ? removeThumbnails(work) : rejects;
}

/** A reject says which picture it is about, which can be looked at. */
async function removeRejects(work: Reconciling): Async<void> {
  const found = await findUnlisted(work, rejectsPrefix, (ids) => rejectsOfNone(work, ids));
  if (!found.ok) return found;
  work.counts.leftovers += found.value.length;
  if (work.dryRun || found.value.length === 0) return ok(undefined);
  for (const some of chunks(found.value, pageSize)) {
    const rejects = some.map(({ id }) => id);
    const removed = await work.own.remove({ thumbnails: [], rejects }, work.signal);
    // A picture that came back in this moment may have had its reject already.
    const again = await sendBack(
      work,
      some.flatMap(({ key }) => key ?? []),
    );
    if (!removed.ok) return removed;
    if (!again.ok) return again;
  }
  return ok(undefined);
}

interface Leftover {
  readonly id: ImageId;
  readonly key?: string;
}

/** Those rejects whose picture is gone, and those that are damaged and do not say of what they are. */
async function rejectsOfNone(work: Reconciling, ids: readonly ImageId[]): Async<Leftover[]> {
  const looked = await eachOf(ids, async (id): Async<Leftover[]> => {
    const reject = await work.own.readReject(id, work.signal);
    if (!reject.ok) return reject.error.code === 'image_unreadable' ? ok([{ id }]) : reject;
    if (!reject.value) return ok([]);
    const { key } = reject.value;
    const head = await work.objects.head(key, work.signal);
    return head.ok ? ok(head.value ? [] : [{ id, key }]) : head;
  });
  return looked.ok ? ok(looked.value.flat()) : looked;
}

/** A thumbnail does not say of what it is. */
async function removeThumbnails(work: Reconciling): Async<void> {
  const found = await findUnlisted(work, thumbnailsPrefix, (ids) => withoutRecord(work, ids));
  if (!found.ok || found.value.length === 0) return found.ok ? ok(undefined) : found;
  // Some of them were of new pictures, whose thumbnail is written shortly before their record.
  const left = await withoutRecord(work, found.value);
  if (!left.ok) return left;
  work.counts.leftovers += left.value.length;
  if (work.dryRun) return ok(undefined);
  const removed = await work.own.remove({ thumbnails: left.value, rejects: [] }, work.signal);
  if (!removed.ok) return removed;
  // As may have been one of these, of which the indexer makes another thumbnail then.
  await work.settle?.();
  const bare = await ours({ ...work, signal: undefined }, left.value);
  if (!bare.ok) return bare;
  return sendAll(
    work,
    bare.value.map(({ origin }) => origin.key),
  );
}

/** Of the ids below a prefix that were not listed as pictures what `choose` makes of them. */
async function findUnlisted<T>(
  work: Reconciling,
  prefix: string,
  choose: (ids: readonly ImageId[]) => Async<T[]>,
): Async<T[]> {
  const found: T[] = [];
  for await (const page of listPages(work, prefix)) {
    if (!page.ok) return page;
    const unlisted = page.value
      .flatMap(({ key }) => idOfOwnKey(key) ?? [])
      .filter((id) => !work.listed.has(id));
    const chosen = unlisted.length > 0 ? await choose(unlisted) : ok([]);
    if (!chosen.ok) return chosen;
    found.push(...chosen.value);
    work.onProgress?.('leftovers', page.value.length);
    if (found.length >= most) break;
  }
  return ok(found);
}

async function withoutRecord(work: Reconciling, ids: readonly ImageId[]): Async<ImageId[]> {
  const records = await ours(work, ids);
  if (!records.ok) return records;
  const known = new Set(records.value.map(({ id }) => id));
  return ok(ids.filter((id) => !known.has(id)));
}

async function ours(
  { store, objects, signal }: Reconciling,
  ids: readonly ImageId[],
): Async<ImageRecord[]> {
  const records = await store.get(ids, signal);
  if (!records.ok) return records;
  return ok(records.value.filter(({ origin }) => origin.root === objects.root));
}
