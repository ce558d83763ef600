import type { Neighbours } from './exact-neighbours.ts';

/** Two rows whose cosines differ by less are equally near: the rounding of 32 bits. */
const sameScore = 2e-6;

/**
 * Share of the `k` nearest that were found among the first `k` answers, 0 to 1. Rows as near as the
 * last of them count as well: which of two copies is found is chance. `undefined` when there is
 * nothing to be found.
 */
export function recallAt(
  k: number,
  nearest: Neighbours,
  found: readonly number[],
): number | undefined {
  const wanted = Math.min(k, nearest.rows.length);
  if (wanted === 0) return undefined;
  const lowest = (nearest.scores[wanted - 1] ?? 0) - sameScore;
  const right = new Set(nearest.rows.filter((_, place) => (nearest.scores[place] ?? 0) >= lowest));
  const hits = new Set(found.slice(0, k).filter((row) => right.has(row)));
  return Math.min(hits.size / wanted, 1);
}

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
