import { createFrames } from './clip-like-frame.ts';
import { seedOf } from './clip-like-gaussians.ts';
import { type ClipStatistics, readClipStatistics } from './clip-like-statistics.ts';
import { type ClipLikeShape, clipLikeShape, createPhrases, createTree } from './clip-like-tree.ts';

/** Vectors that behave in a search as those of a CLIP model do: for measuring without pictures. */
export interface ClipLike {
  /**
   * Image vectors of unit length. A row is always the same, whatever batch it is asked for in, so that
   * work can go on where it was.
   */
  images(from: number, count: number): Float32Array[];
  /** Text vectors of unit length: as far from the images as a CLIP model's. Always the same, too. */
  texts(count: number, from?: number): Float32Array[];
}

export interface ClipLikeOptions {
  readonly seed: number;
  readonly dimensions: number;
  readonly statistics?: ClipStatistics | undefined;
  /** What the statistics do not say, found by trial. */
  readonly shape?: Partial<ClipLikeShape> | undefined;
}

export function createClipLike({
  seed,
  dimensions,
  statistics = readClipStatistics(),
  shape: changed,
}: ClipLikeOptions): ClipLike {
  const shape = { ...clipLikeShape, ...changed };
  const { image, text } = createFrames(statistics, dimensions, seedOf(seed, 1));
  const tree = createTree(statistics.clusters, shape, image, seedOf(seed, 2));
  const phrases = createPhrases(shape, { image, text }, tree, seedOf(seed, 3));
  const rowsOf = (make: (row: number) => Float32Array) => (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => make(from + index));
  const texts = rowsOf((row) => text.finish(phrases(row)));
  return {
    images: rowsOf((row) => image.finish(image.turn(tree.image(row)))),
    texts: (count, from = 0) => texts(from, count),
  };
}
