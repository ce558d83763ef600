import type { Async } from '../core/failure.ts';
import { imageId } from '../core/image-id.ts';
import { ok } from '../core/result.ts';
import { isOneOf, type LabelsOf } from './evaluation-labels.ts';
import type { EvaluationIndex } from './evaluation-index.ts';
import type { DiversityQuery } from './evaluation-queries.ts';
import { type BeforeAfter, keysOf, meanOf, meanSimilarity, sumOf } from './evaluation-results.ts';

/** The value that is measured against 0. */
export const measuredDiversity = 0.5;

export interface DiversityRow {
  readonly query: string;
  /** Mean cosine of each two of the top 10, by their stored vectors. */
  readonly similarity: BeforeAfter;
  /** Whether the best result is the same. */
  readonly best_kept: boolean;
  readonly right: BeforeAfter;
}

export interface DiversityReport {
  readonly diversity: number;
  readonly rows: readonly DiversityRow[];
  readonly similarity: BeforeAfter;
  /** By which share the mean similarity falls. */
  readonly fall: number;
  /** Share of the queries whose best result is the same. */
  readonly best_kept: number;
  readonly right: BeforeAfter;
}

/** Asks without and with `diversity`, and compares the results with each other. */
export async function evaluateDiversity(
  index: Pick<EvaluationIndex, 'ask' | 'keys' | 'store'>,
  queries: readonly DiversityQuery[],
  labelsOf: LabelsOf,
): Async<DiversityReport> {
  const rows: DiversityRow[] = [];
  for (const { query, right } of queries) {
    const before = await lookAt(index, query, 0);
    if (!before.ok) return before;
    const after = await lookAt(index, query, measuredDiversity);
    if (!after.ok) return after;
    const count = (keys: readonly string[]) =>
      keys.filter((key) => isOneOf(labelsOf(key), right)).length;
    rows.push({
      query,
      similarity: { before: before.value.similarity, after: after.value.similarity },
      best_kept: before.value.keys[0] === after.value.keys[0],
      right: { before: count(before.value.keys), after: count(after.value.keys) },
    });
  }
  const similarity = meanOf(rows.map((row) => row.similarity));
  const kept = rows.filter((row) => row.best_kept).length;
  return ok({
    diversity: measuredDiversity,
    rows,
    similarity,
    fall: similarity.before === 0 ? 0 : 1 - similarity.after / similarity.before,
    best_kept: kept / Math.max(rows.length, 1),
    right: sumOf(rows.map((row) => row.right)),
  });
}

async function lookAt(
  index: Pick<EvaluationIndex, 'ask' | 'keys' | 'store'>,
  query: string,
  diversity: number,
): Async<{ readonly keys: readonly string[]; readonly similarity: number }> {
  const keys = await keysOf(index, { query, diversity });
  if (!keys.ok) return keys;
  const vectors = await index.store.vectors(keys.value.map(imageId));
  if (!vectors.ok) return vectors;
  return ok({ keys: keys.value, similarity: meanSimilarity([...vectors.value.values()]) });
}
