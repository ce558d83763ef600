import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { isOneOf, type LabelsOf } from './evaluation-labels.ts';
import type { EvaluationIndex } from './evaluation-index.ts';
import type { ExcludeQuery } from './evaluation-queries.ts';
import { type BeforeAfter, keysOf, shareOf, sumOf } from './evaluation-results.ts';

export interface ExcludeRow {
  readonly query: string;
  readonly exclude: readonly string[];
  /** Pictures in the top 10 that show what is excluded, without and with `exclude`. */
  readonly excluded: BeforeAfter;
  /** Pictures in the top 10 that are right and do not. */
  readonly right: BeforeAfter;
}

export interface ExcludeReport {
  readonly rows: readonly ExcludeRow[];
  readonly excluded: BeforeAfter;
  readonly right: BeforeAfter;
  /** By which share the excluded pictures in the top 10 become fewer. */
  readonly fall: number;
  /** Right ones afterwards, as a share of those before: above 1 where others took the free places. */
  readonly right_kept: number;
}

/** Asks without and with `exclude`, and counts by labels. */
export async function evaluateExclusion(
  index: Pick<EvaluationIndex, 'ask' | 'keys'>,
  queries: readonly ExcludeQuery[],
  labelsOf: LabelsOf,
): Async<ExcludeReport> {
  const rows: ExcludeRow[] = [];
  for (const { query, exclude, excluded, right } of queries) {
    const before = await keysOf(index, { query });
    if (!before.ok) return before;
    const after = await keysOf(index, { query, exclude });
    if (!after.ok) return after;
    const shows = (key: string) => isOneOf(labelsOf(key), excluded);
    const isRight = (key: string) => !shows(key) && isOneOf(labelsOf(key), right);
    const count = (is: (key: string) => boolean) => ({
      before: before.value.filter(is).length,
      after: after.value.filter(is).length,
    });
    rows.push({ query, exclude, excluded: count(shows), right: count(isRight) });
  }
  const excluded = sumOf(rows.map((row) => row.excluded));
  const right = sumOf(rows.map((row) => row.right));
  return ok({
    rows,
    excluded,
    right,
    fall: 1 - shareOf(excluded.after, excluded.before),
    right_kept: shareOf(right.after, right.before),
  });
}
