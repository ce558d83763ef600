import type { Vector } from './model.ts';

/** Of two vectors of one length; of unit vectors it is the cosine. */
export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let place = 0; place < a.length; place++) sum += (a[place] ?? 0) * (b[place] ?? 0);
  return sum;
}

export interface Weighted {
  readonly vector: Vector;
  /** May be negative: away from it. */
  readonly weight: number;
}

/**
 * The sum, as long as one. One vector is what it was, to the last bit; and what adds up to nothing is
 * the first of the vectors.
 */
export function unitSum(parts: readonly Weighted[]): Vector {
  const [first] = parts;
  if (!first) throw new Error('Cannot add up vectors as there is none');
  if (parts.length === 1) return first.vector;
  const sum = new Float32Array(first.vector.length);
  for (const { vector, weight } of parts) {
    for (let place = 0; place < sum.length; place++) {
      sum[place] = (sum[place] ?? 0) + weight * (vector[place] ?? 0);
    }
  }
  const length = Math.sqrt(dot(sum, sum));
  return length < 1e-6 ? first.vector : sum.map((value) => value / length);
}

/** One minus the other, at whatever length it has. */
export function difference(a: Vector, b: Vector): Vector {
  return a.map((value, place) => value - (b[place] ?? 0));
}
