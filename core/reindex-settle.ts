import type { Async } from './failure.ts';
import type { Draft } from './point-sources.ts';
import type { Predecessor } from './predecessor.ts';
import { isLeftOut, type Reindexing } from './reindex-pass.ts';
import { ok } from './result.ts';
import { stateOf } from './seen-records.ts';

/**
 * What was written to the old collection after the last pass had looked at it, and before the switch.
 * The old collection is compared with what that pass saw, and not with the new one, in which later
 * writes are: these stay. Only a picture that both came and went, or went and came, within the seconds
 * round the switch leaves no trace to tell it by.
 */
export async function settleAfterSwitch(
  work: Reindexing,
  predecessor: Predecessor['store'],
): Async<void> {
  for await (const page of work.source.drafts(predecessor, work.signal)) {
    if (!page.ok) return page;
    for (const { record } of page.value) work.seen.mark(record.id);
    const late = page.value.filter(
      (draft) =>
        work.seen.get(draft.record.id) !== stateOf(draft.record) && !isLeftOut(work, draft),
    );
    const brought = late.length > 0 ? await bringLate(work, late) : ok(undefined);
    if (!brought.ok) return brought;
  }
  return dropLate(work);
}

async function bringLate(work: Reindexing, late: readonly Draft[]): Async<void> {
  const { source, successor, signal, leftOut } = work;
  const made = await source.make(late, signal);
  if (!made.ok) return made;
  for (const out of made.value.leftOut) leftOut.set(out.record.id, out);
  // Asked as late as can be: what is written from here on is overwritten.
  const untouched = await findUntouched(
    work,
    late.map(({ record }) => record.id),
  );
  if (!untouched.ok) return untouched;
  const points = made.value.points.filter(({ record }) => untouched.value.has(record.id));
  const upserted = points.length > 0 ? await successor.store.upsert(points, signal) : ok(undefined);
  if (!upserted.ok) return upserted;
  work.added += points.length;
  const spoilt = made.value.leftOut
    .map(({ record }) => record.id)
    .filter((id) => untouched.value.has(id));
  return spoilt.length > 0 ? successor.store.remove(spoilt, signal) : ok(undefined);
}

/** Removes what went from the old collection, unless the new one has it in another state by now. */
async function dropLate(work: Reindexing): Async<void> {
  let ids: string[] = [];
  for (const id of work.seen.unmarked()) {
    ids.push(id);
    if (ids.length < 256) continue;
    const dropped = await drop(work, ids);
    if (!dropped.ok) return dropped;
    ids = [];
  }
  return drop(work, ids);
}

async function drop(work: Reindexing, ids: readonly string[]): Async<void> {
  if (ids.length === 0) return ok(undefined);
  const untouched = await findUntouched(work, ids);
  if (!untouched.ok) return untouched;
  work.removed += untouched.value.size;
  return work.successor.store.remove([...untouched.value], work.signal);
}

/** Those ids of which the new collection still has, or lacks, what the last pass left there. */
async function findUntouched(
  { successor, seen, signal }: Reindexing,
  ids: readonly string[],
): Async<ReadonlySet<string>> {
  const now = await successor.store.get(ids, signal);
  if (!now.ok) return now;
  const states = new Map(now.value.map((record) => [record.id, stateOf(record)]));
  return ok(new Set(ids.filter((id) => states.get(id) === seen.get(id))));
}
