import type { Async } from '../core/failure.ts';
import type { Effort, Match, VectorQuery } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { Engine } from './embedded-engine.ts';
import { compileFilter } from './embedded-filter.ts';
import type { Lifetime } from './embedded-lifetime.ts';
import type { VectorSearch } from './embedded-reads.ts';
import { recordOf } from './embedded-records.ts';

/** What zvec takes: with more it fails. */
const largestEf = 2_048;

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
  // A walk gives no more than it may look at.
  const every = exact || limit > largestEf;
  const candidates = candidatesOf(limit, oversampling);
  return {
    vector,
    limit,
    candidates: every ? candidates : Math.min(candidates, largestEf),
    exact: every,
    ef: Math.min(Math.max(ef, candidates), largestEf),
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
