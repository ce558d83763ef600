import { setImmediate } from 'node:timers/promises';
import type { ZVecDoc } from '@zvec/zvec';
import { compareIds } from '../core/image-id.ts';
import type { Vector } from '../core/model.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import type { Vectors } from './embedded-live.ts';
import { searchParams } from './embedded-schema.ts';

/** A query as it is handed to the thread that has zvec. */
export interface VectorSearch {
  /** As the model makes it. */
  readonly vector: Vector;
  readonly limit: number;
  /** How many are compared in full precision. */
  readonly candidates: number;
  /** Look at every vector instead of walking the graph. */
  readonly exact: boolean;
  readonly ef: number;
  /** In zvec's language. */
  readonly filter: string | undefined;
  readonly scoreThreshold: number;
}

export interface Found {
  /** An `ImageRecord` in JSON. */
  readonly record: string;
  /** The cosine. */
  readonly score: number;
}

export interface Look {
  /** In zvec's language. */
  readonly filter: string;
  readonly limit: number;
  readonly output: 'record' | 'vector' | 'both';
}

export interface Stored {
  readonly id: string;
  /** An `ImageRecord` in JSON; empty when it was not asked for. */
  readonly record: string;
  /** As the model makes it; empty when it was not asked for. */
  readonly vector: Vector;
}

/** The nearest records: by score, then by id. */
export async function searchVectors(
  { zvec, space }: Vectors,
  { vector, limit, candidates, exact, ef, filter, scoreThreshold }: VectorSearch,
): Promise<Found[]> {
  const asked = space?.toQuery(vector);
  const found = await zvec.query({
    fieldName: 'embedding',
    vector: asked?.vector ?? vector,
    topk: candidates,
    outputFields: ['record'],
    params: searchParams(exact, ef),
    ...(filter !== undefined && { filter }),
  });
  return found
    .map((document) => ({ document, score: cosine(document, asked?.offset) }))
    .filter(({ score }) => score >= scoreThreshold)
    .sort((a, b) => b.score - a.score || compareIds(a.document.id, b.document.id))
    .slice(0, limit)
    .map(({ document, score }) => ({ record: document.fields['record'] as string, score }));
}

/** zvec gives the inner product, with the rounding of 32 bits. */
function cosine({ score }: ZVecDoc, offset = 0): number {
  return Math.min(Math.max(score + offset, -1), 1);
}

/** The points that meet a filter, in no particular order. */
export async function lookAtPoints(
  { zvec, space }: Vectors,
  { filter, limit, output }: Look,
): Promise<Stored[]> {
  const found = await zvec.query({
    filter,
    topk: limit,
    outputFields: output === 'vector' ? [] : ['record'],
    includeVector: output !== 'record',
  });
  const points: Stored[] = [];
  for (const [index, { id, fields, vectors }] of found.entries()) {
    const record = output === 'vector' ? '' : (fields['record'] as string);
    const vector = output === 'record' ? new Float32Array() : vectorOf(vectors, space);
    points.push({ id, record, vector });
    // A search that waits for this thread waits for a millisecond.
    if (output !== 'record' && index % 16 === 15) await setImmediate();
  }
  return points;
}

function vectorOf(vectors: ZVecDoc['vectors'], space: SearchSpace | undefined): Vector {
  const stored = Float32Array.from(vectors['embedding'] as number[]);
  return space ? space.fromStored(stored) : stored;
}
