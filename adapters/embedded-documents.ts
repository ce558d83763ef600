import type { ZVecDocInput } from '@zvec/zvec';
import type { Point } from '../core/ports.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { facetsOf } from './embedded-facets.ts';

/** Points on their way in: columns, as these are quick to hand to another thread and to a file. */
export interface Documents {
  readonly ids: readonly string[];
  /** Each an `ImageRecord` in JSON. */
  readonly records: readonly string[];
  /** Of each record, with spaces between. */
  readonly facets: readonly string[];
  /** As the model makes them, one behind the other. */
  readonly vectors: Float32Array<ArrayBuffer>;
}

/** Some 60 microseconds a point, nearly all of them for the facets. */
export function documentsOf(points: readonly Point[]): Documents {
  const dimensions = points[0]?.vector.length ?? 0;
  const vectors = new Float32Array(points.length * dimensions);
  for (const [index, { vector }] of points.entries()) vectors.set(vector, index * dimensions);
  return {
    ids: points.map(({ record }) => record.id),
    records: points.map(({ record }) => JSON.stringify(record)),
    facets: points.map(({ record }) => facetsOf(record).join(' ')),
    vectors,
  };
}

/** Those from `start`, at most `count`, as zvec takes them. */
export function inputsOf(
  { ids, records, facets, vectors }: Documents,
  [start, count]: readonly [number, number],
  space: SearchSpace | undefined,
): ZVecDocInput[] {
  const dimensions = vectors.length / ids.length;
  return ids.slice(start, start + count).map((id, offset) => {
    const row = start + offset;
    const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
    return {
      id,
      vectors: { embedding: space ? space.toStored(vector) : vector },
      fields: { record: records[row], facets: facets[row]?.split(' ') },
    };
  });
}
