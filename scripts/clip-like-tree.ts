import type { Frame } from './clip-like-frame.ts';
import { createGaussians, normal, seedOf, uniform } from './clip-like-gaussians.ts';
import type { ClipStatistics } from './clip-like-statistics.ts';

/** What the statistics do not say, found by trial. */
export interface ClipLikeShape {
  /** Directions in which the rows of one cluster differ most. */
  readonly rank: number;
  /** Share of the variance within a cluster of the second level that lies in these directions. */
  readonly ranked: number;
  /** Share of it that is the row's own. */
  readonly own: number;
  /** How unequally far rows are from the middle of their cluster: deviation of the logarithm. */
  readonly unevenness: number;
  /** The same of whole clusters. */
  readonly patchiness: number;
  /** How many of the smallest clusters have many rows, and how slowly the rest get smaller. */
  readonly crowded: number;
  readonly fading: number;
  /** How much of the cluster around it is in what a text names. */
  readonly breadth: number;
  /** How far rows may be on the way from one cluster to another, where 1 is all of it. */
  readonly mixing: number;
  /** Least and greatest sine of the angle by which a text leans towards what it names. */
  readonly leaning: readonly [number, number];
}

export const clipLikeShape: ClipLikeShape = {
  rank: 6,
  ranked: 0.75,
  own: 0.08,
  unevenness: 0.25,
  patchiness: 0.1,
  crowded: 3,
  fading: 0.7,
  breadth: 2,
  mixing: 0.45,
  leaning: [0.9, 1],
};

interface Tree {
  /** A row along the directions of the images' frame. */
  image(row: number): Float32Array;
  /** What a text may name: the middle of a small cluster, every direction of equal weight. */
  concept(row: number): Float32Array;
}

/**
 * Clusters within clusters within clusters. The first two levels are kept; the small clusters of the
 * third have no end, and so are made anew for every row: the more rows, the more of them.
 */
export function createTree(
  clusters: ClipStatistics['clusters'],
  shape: ClipLikeShape,
  frame: Frame,
  seed: number,
): Tree {
  const gaussians = createGaussians();
  const { deviations } = frame;
  const weights = levelWeights(clusters, frame);
  const branches = createBranches(clusters.branches, shape, weights, seed);
  const leafShare = Math.sqrt(Math.max(0, 1 - shape.ranked - shape.own));
  const seeds = { leaf: seedOf(seed, 4), own: seedOf(seed, 5), named: seedOf(seed, 7) };
  /** A small cluster: the large one that it is in, and its middle about the middle of that. */
  const pick = (row: number, of: number) => {
    const branch = Math.floor(uniform(seed, of, row) * branches.length);
    const drawn = 1 - uniform(seed, of + 1, row);
    const leaf = Math.floor(shape.crowded * (drawn ** -shape.fading - 1));
    const middle = new Float32Array(deviations.length);
    gaussians.add(middle, seedOf(seeds.leaf, branch), leaf, leafShare);
    return { branch: branches[branch] ?? none, middle };
  };
  return {
    concept(row) {
      const { branch, middle } = pick(row, 20);
      addRanked(middle, branch.directions, (direction) => normal(seeds.named, row, direction));
      return named(middle, Math.sqrt(1 - shape.own), branch.here, shape.breadth);
    },
    image(row) {
      const { branch, middle: vector } = pick(row, 10);
      const angle = (Math.PI / 2) * shape.mixing * uniform(seeds.own, 8, row);
      const other = branches[Math.floor(uniform(seeds.own, 9, row) * branches.length)] ?? none;
      addRanked(vector, branch.directions, (direction) => normal(seeds.own, row, direction));
      gaussians.add(vector, seeds.own, row, Math.sqrt(shape.own));
      const width = branch.width * unevenly(shape.unevenness, normal(seeds.own, row, -1));
      placed(vector, branch.place, weights.inside, width, Math.cos(angle));
      return scaled(placed(vector, other.place, null, 1, Math.sin(angle)), deviations);
    },
  };
}

/** A cluster of the second level. */
interface Branch {
  /** Its middle, every direction of equal weight. */
  readonly place: Float32Array;
  /** Its middle about that of the cluster that it is in. */
  readonly here: Float32Array;
  /** Those in which its rows differ most, one after the other. */
  readonly directions: Float32Array;
  /** How wide it is, about 1. */
  readonly width: number;
}

const none: Branch = {
  place: new Float32Array(),
  here: new Float32Array(),
  directions: new Float32Array(),
  width: 1,
};

function createBranches(
  [first = 1, second = 1]: readonly number[],
  shape: ClipLikeShape,
  weights: LevelWeights,
  seed: number,
): Branch[] {
  const gaussians = createGaussians();
  const size = weights.inside.length;
  const fresh = (length: number, kind: number, index: number, scale: number) => {
    const vector = new Float32Array(length);
    gaussians.add(vector, seedOf(seed, kind), index, scale);
    return vector;
  };
  return Array.from({ length: first * second }, (_, branch) => {
    const above = fresh(size, 1, Math.floor(branch / second), 1);
    const here = fresh(size, 2, branch, 1);
    return {
      here,
      place: here.map(
        (value, index) =>
          value * (weights.second[index] ?? 0) + (above[index] ?? 0) * (weights.first[index] ?? 0),
      ),
      directions: fresh(size * shape.rank, 3, branch, Math.sqrt(shape.ranked / shape.rank)),
      width: unevenly(shape.patchiness, normal(seed, 6, branch)),
    };
  });
}

interface LevelWeights {
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly inside: Float32Array;
}

/** By direction: square roots of the shares of the variance that the levels have. */
function levelWeights(
  { within, bandWidth }: ClipStatistics['clusters'],
  { places }: Frame,
): LevelWeights {
  const left = (level: number, place: number) =>
    within[level]?.[Math.floor(place / bandWidth)] ?? 1;
  const root = (share: number) => Math.sqrt(Math.max(0, share));
  return {
    first: Float32Array.from(places, (place) => root(1 - left(0, place))),
    second: Float32Array.from(places, (place) => root(left(0, place) - left(1, place))),
    inside: Float32Array.from(places, (place) => root(left(1, place))),
  };
}

/** A factor whose square is 1 on average. */
function unevenly(deviation: number, chance: number): number {
  return Math.exp(deviation * chance - deviation ** 2);
}

/** In place: the middle of a small cluster, with something of the cluster around it. */
function named(middle: Float32Array, length: number, around: Float32Array, breadth: number) {
  for (let index = 0; index < middle.length; index += 1) {
    middle[index] = (middle[index] ?? 0) / length + breadth * (around[index] ?? 0);
  }
  return middle;
}

/** In place: within a cluster, to where it is. */
function placed(
  vector: Float32Array,
  place: Float32Array,
  weights: Float32Array | null,
  width: number,
  share: number,
): Float32Array {
  for (let index = 0; index < vector.length; index += 1) {
    const inside = (weights?.[index] ?? 1) * (vector[index] ?? 0);
    vector[index] = share * (place[index] ?? 0) + width * inside;
  }
  return vector;
}

function scaled(vector: Float32Array, scales: Float32Array): Float32Array {
  for (let index = 0; index < vector.length; index += 1) {
    vector[index] = (vector[index] ?? 0) * (scales[index] ?? 0);
  }
  return vector;
}

function addRanked(
  target: Float32Array,
  directions: Float32Array,
  amountOf: (direction: number) => number,
): void {
  const size = target.length;
  for (let start = 0; start < directions.length; start += size) {
    const amount = amountOf(start / size);
    for (let index = 0; index < size; index += 1) {
      target[index] = (target[index] ?? 0) + amount * (directions[start + index] ?? 0);
    }
  }
}

/**
 * Texts along the coordinates, without the mean. What a text names is seen as texts see: widened in
 * the directions in which these differ most.
 */
export function createPhrases(
  { leaning: [least, most] }: ClipLikeShape,
  { image, text }: { readonly image: Frame; readonly text: Frame },
  tree: Tree,
  seed: number,
): (row: number) => Float32Array {
  const gaussians = createGaussians();
  return (row) => {
    const vector = image.turn(tree.concept(row));
    const sine = least + (most - least) * uniform(seed, 1, row);
    const towards = (sine * Math.sqrt(vector.length)) / Math.hypot(...vector);
    for (const [index, value] of vector.entries()) vector[index] = towards * value;
    gaussians.add(vector, seed, row, Math.sqrt(1 - sine * sine));
    return text.turn(scaled(text.turnBack(vector), text.deviations));
  };
}
