import { imageId } from '../core/image-id.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { isOneOf, type LabelsOf } from './evaluation-labels.ts';
import type { EvaluationIndex } from './evaluation-index.ts';
import type { LikeQuery } from './evaluation-queries.ts';
import { keysOf, looked } from './evaluation-results.ts';

/** Asked by picture and text, by the text alone, by the picture alone. */
const ways = ['both', 'text', 'image'] as const;
type Way = (typeof ways)[number];

export interface LikeRow {
  readonly like: readonly string[];
  readonly query: string;
  /** Where the first right picture stands, from 1; null: not in the top 10. */
  readonly rank: Readonly<Record<Way, number | null>>;
}

export interface LikeReport {
  readonly rows: readonly LikeRow[];
  /** Share of the queries with a right picture in first place, and in the top 3 and 10. */
  readonly hits: Readonly<Record<Way, HitRates>>;
}

export interface HitRates {
  readonly at_1: number;
  readonly at_3: number;
  readonly at_10: number;
}

/** Asks all three ways, and looks by labels where the first right picture is. */
export async function evaluateLikeness(
  index: Pick<EvaluationIndex, 'ask' | 'keys'>,
  queries: readonly LikeQuery[],
  labelsOf: LabelsOf,
): Async<LikeReport> {
  const rows: LikeRow[] = [];
  for (const { like, query, right } of queries) {
    const rank = { both: null, text: null, image: null } as Record<Way, number | null>;
    const ids = like.map(imageId);
    const asked = { both: { like: ids, query }, text: { query }, image: { like: ids } };
    for (const way of ways) {
      // The pictures themselves are no answer, whichever way they come.
      const found = await keysOf(index, { ...asked[way], top_k: looked + like.length });
      if (!found.ok) return found;
      const others = found.value.filter((key) => !like.includes(key)).slice(0, looked);
      const place = others.findIndex((key) => isOneOf(labelsOf(key), right));
      rank[way] = place === -1 ? null : place + 1;
    }
    rows.push({ like, query, rank });
  }
  const hits = { both: ratesOf(rows, 'both'), text: ratesOf(rows, 'text') };
  return ok({ rows, hits: { ...hits, image: ratesOf(rows, 'image') } });
}

function ratesOf(rows: readonly LikeRow[], way: Way): HitRates {
  const upTo = (most: number) =>
    rows.filter(({ rank }) => (rank[way] ?? Infinity) <= most).length / Math.max(rows.length, 1);
  return { at_1: upTo(1), at_3: upTo(3), at_10: upTo(looked) };
}
