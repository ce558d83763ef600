import type { ZVecCollection, ZVecDocInput, ZVecStatus } from '@zvec/zvec';
import type { SearchSpace } from '../core/search-space-form.ts';
import { inputsOf } from './embedded-documents.ts';
import type { Change } from './embedded-journal.ts';

/** How much is done at a time, and what comes between: zvec's writes block the thread they are on. */
export interface Pace {
  /** Points in one go. */
  points(): number;
  pause(): Promise<void>;
}

/** Does it when nobody else is at the collection. */
export type Alone = (action: () => Promise<void>) => Promise<void>;

/** Gives a change to zvec. @returns How many points it replaced or removed. */
export async function writeChange(
  zvec: ZVecCollection,
  space: SearchSpace | undefined,
  change: Change,
  pace: Pace,
  alone: Alone,
): Promise<number> {
  const ids = 'upsert' in change ? change.upsert.ids : change.remove;
  let replaced = 0;
  for (let start = 0; start < ids.length;) {
    const count = pace.points();
    const some = ids.slice(start, start + count);
    const inputs = 'upsert' in change ? inputsOf(change.upsert, [start, count], space) : undefined;
    // Beside a write of zvec 0.7.0 a search fails now and then ("fetch table failed"), or worse.
    await alone(async () => {
      replaced += inputs ? upsert(zvec, inputs) : remove(zvec, some);
    });
    start += count;
    await pace.pause();
  }
  return replaced;
}

/** Inserts, as only that tells which points were there already. */
function upsert(zvec: ZVecCollection, inputs: ZVecDocInput[]): number {
  const statuses = zvec.insertSync(inputs);
  const known = inputs.filter((_, index) => statuses[index]?.code === 'ZVEC_ALREADY_EXISTS');
  check(statuses.filter(({ code }) => code !== 'ZVEC_ALREADY_EXISTS'));
  if (known.length > 0) check(zvec.upsertSync(known));
  return known.length;
}

function remove(zvec: ZVecCollection, ids: string[]): number {
  const known = zvec.deleteSync(ids).filter(({ code }) => code !== 'ZVEC_NOT_FOUND');
  check(known);
  return known.length;
}

export function check(statuses: readonly ZVecStatus[]): void {
  const failed = statuses.find((status) => !status.ok);
  if (failed) throw new Error(`Cannot write as zvec says ${failed.code}: ${failed.message}`);
}
