import type { Vector } from './model.ts';

/** A vector of another length is a mistake in this program: it throws. */
export function checkLength(vector: Vector, dimensions: number): void {
  if (vector.length === dimensions) return;
  throw new Error(
    `Cannot use a vector as its length is not that of the collection, ${dimensions}: ${vector.length}`,
  );
}
