import type { Async } from '../../core/failure.ts';
import { ok } from '../../core/result.ts';
import { listSnapshots, removeSnapshot, type SnapshotPlace } from '../../core/snapshots.ts';

/** What the function itself calls its copies, behind the name of the collection. */
const time = /^-\d{8}T\d{6}Z$/;

/**
 * Removes what is older than the last `kept` copies of a collection that can be brought back; damaged ones
 * do not count, and neither does what has another name than the function gives. Gives the names of what is
 * gone.
 */
export async function keepLast(
  place: SnapshotPlace,
  { collection, kept }: { readonly collection: string; readonly kept: number },
): Async<string[]> {
  const listed = await listSnapshots(place);
  if (!listed.ok) return listed;
  const own = listed.value.filter(
    ({ name }) => name.startsWith(collection) && time.test(name.slice(collection.length)),
  );
  const oldest = own.filter(({ info }) => info.ok).at(-kept);
  const old = oldest === undefined ? [] : own.filter(({ name }) => name < oldest.name);
  for (const { name } of old) {
    const removed = await removeSnapshot(place, name);
    if (!removed.ok) return removed;
  }
  return ok(old.map(({ name }) => name));
}
