import type { Async } from '../core/failure.ts';
import type { SearchQuery, Vector } from '../core/model.ts';
import { ok } from '../core/result.ts';
import type { EvaluationIndex } from './evaluation-index.ts';

/** A number without a feature and with it. */
export interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

/** How many results are looked at. */
export const looked = 10;

/** The keys of the best results, best first. */
export async function keysOf(
  { ask, keys }: Pick<EvaluationIndex, 'ask' | 'keys'>,
  query: Partial<SearchQuery>,
): Async<string[]> {
  const answer = await ask({ top_k: looked, ...query });
  if (!answer.ok) return answer;
  return ok(answer.value.results.map(({ id }) => keys.get(id) ?? id));
}

export function sumOf(counts: readonly BeforeAfter[]): BeforeAfter {
  return {
    before: counts.reduce((sum, { before }) => sum + before, 0),
    after: counts.reduce((sum, { after }) => sum + after, 0),
  };
}

export function meanOf(counts: readonly BeforeAfter[]): BeforeAfter {
  const { before, after } = sumOf(counts);
  const n = Math.max(counts.length, 1);
  return { before: before / n, after: after / n };
}

/** 0 of 0 is none. */
export function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** The mean cosine of each two; 1 where there are not two. */
export function meanSimilarity(vectors: readonly Vector[]): number {
  const pairs = vectors.flatMap((one, place) =>
    vectors.slice(place + 1).map((other) => cosine(one, other)),
  );
  return pairs.length === 0 ? 1 : pairs.reduce((sum, value) => sum + value, 0) / pairs.length;
}

function cosine(a: Vector, b: Vector): number {
  return a.reduce((sum, value, place) => sum + value * (b[place] ?? 0), 0);
}
