import type { Async } from './failure.ts';
import type { Draft, LeftOut } from './point-sources.ts';
import type { VectorStore } from './ports.ts';
import type { ReindexParts } from './reindex.ts';
import { ok } from './result.ts';
import { createSeenRecords, isSameRecord, type SeenRecords, stateOf } from './seen-records.ts';

/** What the passes share. */
export interface Reindexing extends ReindexParts {
  /** What the successor has, as the old collection had it when it was looked at. */
  seen: SeenRecords;
  readonly leftOut: Map<string, LeftOut>;
  added: number;
  removed: number;
}

/** Brings the successor to what the old collection has; how many differences there were. */
export async function runPass(work: Reindexing): Async<number> {
  const before = work.added + work.removed;
  work.seen = createSeenRecords();
  for await (const page of work.source.drafts(work.from, work.signal)) {
    if (!page.ok) return page;
    const brought = await bring(work, page.value);
    if (!brought.ok) return brought;
    work.onProgress?.(page.value.length);
  }
  const dropped = await dropGone(work);
  return dropped.ok ? ok(work.added + work.removed - before) : dropped;
}

/** Makes what the successor does not have yet, or has in another state. */
async function bring(work: Reindexing, drafts: readonly Draft[]): Async<void> {
  const { successor, source, signal, seen, leftOut } = work;
  const possible = drafts.filter((draft) => !isLeftOut(work, draft));
  const unlike = await differing(successor.store, possible, signal);
  if (!unlike.ok) return unlike;
  const made = unlike.value.length > 0 ? await source.make(unlike.value, signal) : nothing;
  if (!made.ok) return made;
  const { points } = made.value;
  const upserted = points.length > 0 ? await successor.store.upsert(points, signal) : ok(undefined);
  if (!upserted.ok) return upserted;
  work.added += points.length;
  for (const out of made.value.leftOut) leftOut.set(out.record.id, out);
  for (const { record } of points) leftOut.delete(record.id);
  // A picture whose new state can't be had must not be found as it was.
  const out = made.value.leftOut.map(({ record }) => record.id);
  const removed = out.length > 0 ? await successor.store.remove(out, signal) : ok(undefined);
  for (const draft of possible) {
    if (!isLeftOut(work, draft)) seen.set(draft.record.id, stateOf(draft.record));
  }
  return removed;
}

const nothing = ok({ points: [], leftOut: [] });

/** Whether this state of the record was found to be impossible before. */
export function isLeftOut({ leftOut }: Reindexing, { record }: Draft): boolean {
  const known = leftOut.get(record.id);
  return known !== undefined && isSameRecord(known.record, record);
}

async function differing(
  store: VectorStore,
  drafts: readonly Draft[],
  signal: AbortSignal | undefined,
): Async<Draft[]> {
  const ids = drafts.map(({ record }) => record.id);
  const known = await store.get(ids, signal);
  if (!known.ok) return known;
  const records = new Map(known.value.map((record) => [record.id, record]));
  const copied = drafts.some(({ vector }) => vector !== undefined);
  const vectors = copied ? await store.vectors([...records.keys()], signal) : ok(new Map());
  if (!vectors.ok) return vectors;
  return ok(
    drafts.filter(({ record, vector }) => {
      const there = records.get(record.id);
      if (there === undefined || !isSameRecord(there, record)) return true;
      return vector !== undefined && !isClose(vector, vectors.value.get(record.id));
    }),
  );
}

/** Other spaces and quantizations round otherwise. */
function isClose(a: Float32Array, b: Float32Array | undefined): boolean {
  const dot = a.reduce((sum, value, index) => sum + value * (b?.[index] ?? 0), 0);
  return dot > 1 - 1e-4;
}

/** Takes out of the successor what the old collection no longer has. */
async function dropGone(work: Reindexing): Async<void> {
  const { from, successor, seen, signal } = work;
  for await (const page of successor.store.scan(signal)) {
    if (!page.ok) return page;
    const known = await from.get(
      page.value.map(({ id }) => id),
      signal,
    );
    if (!known.ok) return known;
    const there = new Set(known.value.map(({ id }) => id));
    const gone = page.value.filter(({ id }) => !there.has(id));
    const removed = await successor.store.remove(
      gone.map(({ id }) => id),
      signal,
    );
    if (!removed.ok) return removed;
    work.removed += gone.length;
    for (const { id } of gone) seen.delete(id);
    // Away when its page was read, and back now, perhaps in another state: the next pass looks.
    for (const record of page.value) {
      if (there.has(record.id) && seen.get(record.id) === undefined) {
        seen.set(record.id, stateOf(record));
      }
    }
  }
  return ok(undefined);
}
