import type { Vector } from './model.ts';

/**
 * A basis in which a graph over image vectors serves text queries. For any text or image vector q and
 * image vector x, cosine(q, x) is the inner product of `toQuery(q).vector` and `toStored(x)`, plus
 * `toQuery(q).offset`: so the order is that of the cosine, and only the graph is another.
 */
export interface SearchSpace {
  /** Tells it from all others: a hash of what it is made of. */
  readonly id: string;
  /** Length of the model's vectors. */
  readonly dimensions: number;
  /** Length of the stored ones. */
  readonly storedDimensions: number;
  toStored(vector: Vector): Vector;
  toQuery(vector: Vector): { readonly vector: Vector; readonly offset: number };
  /** The unit vector that was stored. */
  fromStored(stored: Vector): Vector;
}
