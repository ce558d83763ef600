import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecord, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { diversify } from './diversify.ts';
import type { Vector } from './model.ts';

const left = Float32Array.of(1, 0);
const nearLeft = Float32Array.of(0.995, 0.0999);
const up = Float32Array.of(0, 1);

/** A unit vector whose cosine with the first axis is this. */
const at = (cosine: number): Vector => Float32Array.of(cosine, Math.sqrt(1 - cosine ** 2));

function order(scores: readonly number[], vectors: readonly (Vector | undefined)[], by: number) {
  const matches = scores.map((score, place) => ({ score, record: createRecord(String(place)) }));
  const known = vectors.flatMap((vector, place): [string, Vector][] =>
    vector ? [[String(place), vector]] : [],
  );
  return diversify(matches, new Map(known), by).map(({ record }) => record.id);
}

describe('diversify', () => {
  it('puts what is like the best after what is not', () => {
    expect(order([0.3, 0.29, 0.27, 0.2], [left, nearLeft, up, up], 0.5)).toEqual([
      '0',
      '2',
      '1',
      '3',
    ]);
  });

  it('changes nothing at 0', () => {
    expect(order([0.3, 0.29, 0.27], [left, nearLeft, up], 0)).toEqual(['0', '1', '2']);
  });

  it('judges relevance by the candidates, as the cosines of texts lie close together', () => {
    const wide = order([0.9, 0.5, 0.1], [left, nearLeft, up], 0.4);
    expect(order([0.309, 0.305, 0.301], [left, nearLeft, up], 0.4)).toEqual(wide);
  });

  it('judges likeness by the candidates, as all pictures of a model may be much alike', () => {
    // In both the second is half as far from the first as the third is.
    const far = [at(1), at(0.5), at(0)];
    const close = [at(1), at(0.95), at(0.9)];
    for (const by of [0.3, 0.4, 0.6, 0.7]) {
      expect(order([0.3, 0.28, 0.25], close, by)).toEqual(order([0.3, 0.28, 0.25], far, by));
    }
    expect(order([0.3, 0.28, 0.25], close, 0.7)).toEqual(['0', '2', '1']);
  });

  it('lets those without a vector follow, in their order', () => {
    expect(order([0.5, 0.4, 0.3, 0.2], [left, undefined, up, undefined], 0.9)).toEqual([
      '0',
      '2',
      '1',
      '3',
    ]);
  });

  it('keeps every match once and the best first, at any diversity', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, count, by) => {
          const random = seededRandom(seed);
          const scores = Array.from({ length: count }, random).toSorted((a, b) => b - a);
          const ids = order(
            scores,
            scores.map(() => randomVector(random, 4)),
            by,
          );
          expect(ids[0]).toBe('0');
          expect(new Set(ids).size).toBe(count);
        },
      ),
    );
  });
});
