import { seedOf, uniform } from './clip-like-gaussians.ts';
import type { ClipStatistics } from './clip-like-statistics.ts';

/** Where the vectors of one side, images or texts, lie: about a mean, along turned directions. */
export interface Frame {
  /** Standard deviations along the directions, falling; the first columns are `loud` instead. */
  readonly deviations: Float32Array;
  /** Place in the statistics' spectrum that a column's deviation was taken from; loud ones have none. */
  readonly places: readonly number[];
  /** In place: from directions to coordinates, without the mean. */
  turn(vector: Float32Array): Float32Array;
  /** In place: back from coordinates to directions. */
  turnBack(vector: Float32Array): Float32Array;
  /** In place: to length 1 about the mean. */
  finish(vector: Float32Array): Float32Array;
}

/** Images and texts share the coordinates in which a CLIP model's means are large. */
export function createFrames(
  statistics: ClipStatistics,
  dimensions: number,
  seed: number,
): { readonly image: Frame; readonly text: Frame } {
  const coordinates = createCoordinates(statistics, dimensions, seed);
  return {
    image: createFrame(statistics.image, coordinates, dimensions, seedOf(seed, 1)),
    text: createFrame(statistics.text, coordinates, dimensions, seedOf(seed, 2)),
  };
}

interface Coordinates {
  /** Which coordinate of the statistics each one is like: the loud ones first. */
  readonly sources: readonly number[];
  /** How many means are many times as large as the rest: quantization has to cope with them. */
  readonly loud: number;
  /** By what the other means are to be multiplied, as there are more of them, or fewer. */
  readonly scale: number;
}

function createCoordinates(
  { image, text }: ClipStatistics,
  dimensions: number,
  seed: number,
): Coordinates {
  const size = image.mean.length;
  const isLoud = (index: number) =>
    Math.max(Math.abs(image.mean[index] ?? 0), Math.abs(text.mean[index] ?? 0)) >
    3 / Math.sqrt(size);
  const all = Array.from({ length: size }, (_, index) => index);
  const loud = all.filter(isLoud).slice(0, Math.floor(dimensions / 4));
  const quiet = all.filter((index) => !isLoud(index));
  const rest = Array.from({ length: dimensions - loud.length }, (_, index) => {
    const drawn = Math.floor(uniform(seed, index) * quiet.length);
    return quiet[dimensions === size ? index : drawn] ?? 0;
  });
  return {
    sources: [...loud, ...rest],
    loud: loud.length,
    scale: Math.sqrt(quiet.length / Math.max(1, rest.length)),
  };
}

function createFrame(
  side: ClipStatistics['image'],
  { sources, loud, scale }: Coordinates,
  dimensions: number,
  seed: number,
): Frame {
  const mean = Float32Array.from(
    sources,
    (source, index) => (side.mean[source] ?? 0) * (index < loud ? 1 : scale),
  );
  const places = [
    ...sources.slice(0, loud).map(() => Infinity),
    ...stretch(dimensions - loud, side.spectrum.length),
  ];
  const variances = places.map((place, index) =>
    index < loud
      ? (side.variance[sources[index] ?? 0] ?? 0)
      : (side.spectrum[Math.round(place)] ?? 0),
  );
  const share = sumOf(side.spectrum) / sumOf(variances);
  const turns = createTurns(loud, dimensions, seed);
  const back = {
    pairs: turns.pairs.toReversed(),
    cosines: turns.cosines.toReversed(),
    sines: turns.sines.toReversed(),
  };
  return {
    deviations: Float32Array.from(variances, (variance, index) =>
      Math.sqrt(variance * (index < loud ? 1 : share)),
    ),
    places,
    turn: (vector) => applyTurns(vector, turns),
    turnBack: (vector) => applyTurns(vector, back),
    finish: (vector) => finish(vector, mean),
  };
}

/** Places in a spectrum for another number of directions: its head as it is, its tail stretched. */
function stretch(dimensions: number, length: number): number[] {
  const head = Math.min(Math.floor(length / 2), Math.floor(dimensions / 2));
  const step = (length - 1 - head) / Math.max(1, dimensions - 1 - head);
  return Array.from({ length: dimensions }, (_, index) =>
    index < head ? index : head + (index - head) * step,
  );
}

interface Turns {
  readonly pairs: Uint32Array;
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
}

/**
 * A rotation of all coordinates but the first, made of rotations of two at a time: every one is mixed
 * with every other, for a fraction of what a matrix product costs.
 */
function createTurns(from: number, to: number, seed: number): Turns {
  const layers = 3 + Math.ceil(Math.log2(to - from + 1));
  const pairs: number[] = [];
  const angles: number[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const order = shuffled(from, to, seedOf(seed, layer));
    for (let index = 0; index + 1 < order.length; index += 2) {
      pairs.push(order[index] ?? 0, order[index + 1] ?? 0);
      angles.push(2 * Math.PI * uniform(seed, layer, index));
    }
  }
  return {
    pairs: Uint32Array.from(pairs),
    cosines: Float32Array.from(angles, Math.cos),
    sines: Float32Array.from(angles, Math.sin),
  };
}

function applyTurns(vector: Float32Array, { pairs, cosines, sines }: Turns): Float32Array {
  for (let turn = 0; turn < cosines.length; turn += 1) {
    const first = pairs[2 * turn] ?? 0;
    const second = pairs[2 * turn + 1] ?? 0;
    const cosine = cosines[turn] ?? 1;
    const sine = sines[turn] ?? 0;
    const a = vector[first] ?? 0;
    const b = vector[second] ?? 0;
    vector[first] = cosine * a - sine * b;
    vector[second] = sine * a + cosine * b;
  }
  return vector;
}

/**
 * Scales what is about the mean, not the mean: else the distance between images and texts would vary
 * more than a model's does.
 */
function finish(vector: Float32Array, mean: Float32Array): Float32Array {
  let [own, along, middle] = [0, 0, 0];
  for (let index = 0; index < vector.length; index += 1) {
    const value = vector[index] ?? 0;
    const about = mean[index] ?? 0;
    own += value * value;
    along += value * about;
    middle += about * about;
  }
  const scale = (Math.sqrt(along * along + own * (1 - middle)) - along) / own;
  for (let index = 0; index < vector.length; index += 1) {
    vector[index] = (mean[index] ?? 0) + scale * (vector[index] ?? 0);
  }
  return vector;
}

function shuffled(from: number, to: number, seed: number): number[] {
  const order = Array.from({ length: to - from }, (_, index) => from + index);
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(uniform(seed, last) * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
