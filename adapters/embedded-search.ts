import type { ZVecQuery } from '@zvec/zvec';
import type { Async } from '../core/failure.ts';
import { compareIds } from '../core/image-id.ts';
import type { Match, VectorQuery } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { Engine } from './embedded-engine.ts';
import { compileFilter } from './embedded-filter.ts';
import { recordOf } from './embedded-records.ts';
import { searchParams } from './embedded-schema.ts';

export interface Thoroughness {
  /** Look at every vector instead of walking the graph. */
  readonly exact: boolean;
  readonly ef: number;
}

/** The nearest records: by score, then by id. */
export async function search(
  engine: Engine,
  query: VectorQuery,
  thoroughness: Thoroughness,
): Async<Match[]> {
  const { limit, scoreThreshold = -1, signal } = query;
  const found = await engine.read((zvec) => zvec.query(vectorQuery(query, thoroughness)), signal);
  if (!found.ok) return found;
  const matches = found.value
    .map((document) => ({ document, score: cosine(document.score) }))
    .filter(({ score }) => score >= scoreThreshold)
    .sort((a, b) => b.score - a.score || compareIds(a.document.id, b.document.id))
    .slice(0, limit)
    .map(({ document, score }) => ({ record: recordOf(document), score }));
  return ok(matches);
}

function vectorQuery(
  { vector, limit, filter }: VectorQuery,
  { exact, ef }: Thoroughness,
): ZVecQuery {
  // More than asked for: points that are not in the graph yet are compared in 8 bits first, and
  // only as many as are asked for then exactly.
  const topk = limit + Math.max(limit, 16);
  return {
    fieldName: 'embedding',
    vector,
    topk,
    outputFields: ['record'],
    params: searchParams(exact, Math.max(ef, topk)),
    ...(filter && filter.length > 0 && { filter: compileFilter(filter) }),
  };
}

/** zvec gives the distance, with the rounding of 32 bits. */
function cosine(distance: number): number {
  return Math.min(Math.max(1 - distance, -1), 1);
}
