import type { Async } from '../core/failure.ts';
import type { ImageId } from '../core/model.ts';
import { ok } from '../core/result.ts';
import type { LabelledQuery } from './calibrate-demo.ts';
import type { EvaluationIndex } from './evaluation-index.ts';
import { type BeforeAfter, meanOf, shareOf, sumOf } from './evaluation-results.ts';

/** How many results the tail is cut from. */
const uncut = 20;

export interface CutoffRow {
  /** Results without and with `score_threshold: "auto"`. */
  readonly results: BeforeAfter;
  readonly right: BeforeAfter;
}

export interface CutoffReport {
  readonly queries: number;
  /** Mean number of results. */
  readonly results: BeforeAfter;
  /** Share of the results that are right. */
  readonly precision: BeforeAfter;
  /** Share of the right results that are left. */
  readonly right_kept: number;
  /** The same for texts that mean nothing: how many results are left of them. */
  readonly nonsense: { readonly queries: number; readonly results: BeforeAfter };
}

/** Asks without and with the cut-off, and counts what of the tail was right. */
export async function evaluateCutoff(
  index: Pick<EvaluationIndex, 'ask'>,
  queries: readonly Pick<LabelledQuery, 'query' | 'right'>[],
  nonsense: readonly string[],
): Async<CutoffReport> {
  const rows: CutoffRow[] = [];
  for (const { query, right } of [...queries, ...nonsense.map(asNonsense)]) {
    const before = await index.ask({ query, top_k: uncut });
    if (!before.ok) return before;
    const after = await index.ask({ query, top_k: uncut, score_threshold: 'auto' });
    if (!after.ok) return after;
    const lists = { before: before.value.results, after: after.value.results };
    const rightOf = (hits: readonly { readonly id: ImageId }[]) =>
      hits.filter(({ id }) => right.has(id)).length;
    rows.push({
      results: { before: lists.before.length, after: lists.after.length },
      right: { before: rightOf(lists.before), after: rightOf(lists.after) },
    });
  }
  const meant = rows.slice(0, queries.length);
  const results = sumOf(meant.map((row) => row.results));
  const right = sumOf(meant.map((row) => row.right));
  return ok({
    queries: queries.length,
    results: meanOf(meant.map((row) => row.results)),
    precision: {
      before: shareOf(right.before, results.before),
      after: shareOf(right.after, results.after),
    },
    right_kept: shareOf(right.after, right.before),
    nonsense: {
      queries: nonsense.length,
      results: meanOf(rows.slice(queries.length).map((row) => row.results)),
    },
  });
}

function asNonsense(query: string) {
  return { query, right: new Set<ImageId>() };
}
