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
  /** What it is made of. */
  readonly statistics: SearchSpaceStatistics;
  toStored(vector: Vector): Vector;
  toQuery(vector: Vector): { readonly vector: Vector; readonly offset: number };
  /** The unit vector that was stored. */
  fromStored(stored: Vector): Vector;
}

/**
 * With μ and ν the means of images and texts, and A the symmetric matrix that stretches by `gains` along
 * `directions` and by `restGain` across them, an image x is stored as [A(x − μ)/s ; ν·(x − μ)/α ; h] and a
 * query q asked as [s·A⁻¹(q − ν) ; α ; 0]. Their inner product is q·(x − μ), whatever A, s and α are.
 * The last value h fills shorter vectors up to `evenLength`: inner products between images then go with
 * the angle, and no image is a neighbour of all for being long.
 */
export interface SearchSpaceStatistics {
  /** μ */
  readonly imageMean: Vector;
  /** ν */
  readonly textMean: Vector;
  /** The main directions in which texts differ, nearly orthonormal. */
  readonly directions: readonly Vector[];
  /** One for each direction, above 0. */
  readonly gains: readonly number[];
  readonly restGain: number;
  /** s, above 0 */
  readonly scale: number;
  /** α, above 0 */
  readonly textScale: number;
  /** Above 0. */
  readonly evenLength: number;
}
