import type { Async } from '../core/failure.ts';
import type { Effort, Match, VectorQuery } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { Engine } from './embedded-engine.ts';
import { compileFilter } from './embedded-filter.ts';
import type { Lifetime } from './embedded-lifetime.ts';
import type { VectorSearch } from './embedded-reads.ts';
import { recordOf } from './embedded-records.ts';

/** The nearest records: by score, then by id. */
export async function search(
  engine: Engine,
  lifetime: Lifetime,
  query: VectorQuery,
  effort: Effort,
): Async<Match[]> {
  const asked = vectorSearch(query, effort);
  const found = await lifetime.attempt(() => engine.search(asked), query.signal);
  if (!found.ok) return found;
  return ok(found.value.map((one) => ({ record: recordOf(one), score: one.score })));
}

function vectorSearch(
  { vector, limit, filter = [], scoreThreshold = -1 }: VectorQuery,
  { exact, ef, oversampling }: Effort,
): VectorSearch {
  return {
    vector,
    limit,
    candidates: candidatesOf(limit, oversampling),
    exact,
    ef,
    filter: filter.length > 0 ? compileFilter(filter) : undefined,
    scoreThreshold,
  };
}

/**
 * Points that are not in the graph yet are compared in 8 bits first, and only as many as are asked for
 * then exactly: so more are asked for, also where few are wanted.
 */
function candidatesOf(limit: number, oversampling: number): number {
  return Math.ceil(Math.max(limit * oversampling, limit + (oversampling - 1) * 16));
}
