import { findMainDirections } from './main-directions.ts';
import type { Vector } from './model.ts';
import { err, ok, type Result } from './result.ts';
import { addScaled, createBasis, dot } from './search-space-basis.ts';
import type { SearchSpace } from './search-space-form.ts';
import { createSearchSpace } from './search-space.ts';

/** How far the space goes to meet the texts. */
export interface SearchSpaceChoices {
  /** Directions that are stretched one by one; more of them cost time and space. */
  readonly rank: number;
  /** p: 0 leaves the space round, 1 makes the texts round. */
  readonly power: number;
  /** λ: what each direction has at least, as a share of the mean. */
  readonly ridge: number;
  /** Root mean square of a stored vector's part along the mean text, where that of the rest is 1. */
  readonly textShare: number;
}

export interface SearchSpaceSamples extends Partial<SearchSpaceChoices> {
  /** Vectors of images, a few thousand or more, of length 1. */
  readonly images: readonly Vector[];
  /** Vectors of texts such as people search for, a few hundred or more, of length 1. */
  readonly texts: readonly Vector[];
}

/** Measured: docs/decisions/0008-search-space.md. */
const defaults: SearchSpaceChoices = { rank: 32, power: 0.75, ridge: 0.7, textShare: 0.15 };

/**
 * The space for a model, from vectors that it made. Few texts, or all alike, give a space that is
 * less of one, and right all the same.
 *
 * @returns An error says what is wrong with the samples, to stand behind "as".
 */
export function computeSearchSpace(samples: SearchSpaceSamples): Result<SearchSpace, string> {
  const { images, texts } = samples;
  const { rank, power, ridge, textShare } = { ...defaults, ...samples };
  const wrong = findFault(images, 'image') ?? findFault(texts, 'text');
  if (wrong !== undefined) return err(wrong);
  const imageMean = meanOf(images);
  const textMean = meanOf(texts);
  const dimensions = imageMean.length;
  if (textMean.length !== dimensions) {
    return err(`its texts are not as long as its images: ${textMean.length}, ${dimensions}`);
  }
  const { directions, stretches, rest } = shapeOf(texts, textMean, rank);
  const toGain = (stretch: number) => (stretch + ridge) ** (power / 2);
  const gains = stretches.map(toGain);
  const shape = { directions, gains: Float64Array.from(gains), rest: toGain(rest) };
  const measured = measureImages(images, imageMean, textMean, shape);
  const textScale = measured.along / textShare;
  return ok(
    createSearchSpace({
      imageMean: Float32Array.from(imageMean),
      textMean: Float32Array.from(textMean),
      directions: gains.map((_, row) =>
        Float32Array.from(directions.subarray(row * dimensions, (row + 1) * dimensions)),
      ),
      gains,
      restGain: shape.rest,
      scale: measured.across,
      textScale,
      evenLength: Math.hypot(measured.typical / measured.across, textShare),
    }),
  );
}

function findFault(vectors: readonly Vector[], kind: string): string | undefined {
  const [first] = vectors;
  if (!first || first.length === 0) return `there is no ${kind} vector`;
  for (const [place, vector] of vectors.entries()) {
    if (vector.length !== first.length) {
      return `${kind} vector ${place} is not ${first.length} long, but: ${vector.length}`;
    }
    if (!vector.every((value) => Math.abs(value) <= 2)) {
      return `${kind} vector ${place} is not of length 1`;
    }
  }
  return undefined;
}

function meanOf(vectors: readonly Vector[]): Float64Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] ?? 0) + (vector[i] ?? 0);
  }
  return sum.map((value) => value / vectors.length);
}

interface Shape {
  /** Orthonormal rows, one after the other. */
  readonly directions: Float64Array;
  /** How much texts vary along each, where the mean over all directions is 1. */
  readonly stretches: readonly number[];
  /** The same for what is across them all. */
  readonly rest: number;
}

function shapeOf(texts: readonly Vector[], mean: Float64Array, rank: number): Shape {
  const dimensions = mean.length;
  const covariance = covarianceOf(texts, mean);
  let total = 0;
  for (let i = 0; i < dimensions; i += 1) total += covariance[i * dimensions + i] ?? 0;
  const average = total / dimensions;
  const round: Shape = { directions: new Float64Array(0), stretches: [], rest: 1 };
  // Texts that are all alike, but for rounding.
  if (!(total > 1e-9) || rank === 0) return round;
  const found = findMainDirections(covariance, dimensions, Math.min(rank, dimensions));
  const all = Array.from(found.eigenvalues, (value) => value / average);
  const stretches = all.filter((stretch) => stretch > 1e-6);
  const taken = stretches.reduce((sum, stretch) => sum + stretch, 0);
  const left = dimensions - stretches.length;
  return {
    directions: found.directions.subarray(0, stretches.length * dimensions),
    stretches,
    rest: left > 0 ? Math.max(dimensions - taken, 0) / left : 1,
  };
}

function covarianceOf(vectors: readonly Vector[], mean: Float64Array): Float64Array {
  const dimensions = mean.length;
  const sums = new Float64Array(dimensions * dimensions);
  for (const vector of vectors) {
    const away = Float64Array.from(mean, (value, i) => (vector[i] ?? 0) - value);
    for (let row = 0; row < dimensions; row += 1) {
      // From the diagonal on; the other half is the same.
      const line = sums.subarray(row * dimensions + row, (row + 1) * dimensions);
      addScaled(line, away.subarray(row), (away[row] ?? 0) / vectors.length);
    }
  }
  for (let row = 0; row < dimensions; row += 1) {
    for (let column = 0; column < row; column += 1) {
      sums[row * dimensions + column] = sums[column * dimensions + row] ?? 0;
    }
  }
  return sums;
}

interface Stretch {
  readonly directions: Float64Array;
  readonly gains: Float64Array;
  readonly rest: number;
}

/** Mean and median length of the stretched images, and how far they are spread along the mean text. */
function measureImages(
  images: readonly Vector[],
  imageMean: Float64Array,
  textMean: Float64Array,
  { directions, gains, rest }: Stretch,
) {
  const basis = createBasis(imageMean.length, directions);
  let squares = 0;
  const lengths = Float64Array.from(images, (image) => {
    const vector = Float64Array.from(imageMean, (value, i) => (image[i] ?? 0) - value);
    squares += dot(vector, textMean) ** 2;
    basis.stretch(vector, gains, rest);
    return Math.sqrt(dot(vector, vector));
  }).sort();
  return {
    across: orOne(lengths.reduce((sum, length) => sum + length, 0) / images.length),
    typical: orOne(lengths[Math.floor(lengths.length / 2)] ?? 0),
    along: orOne(Math.sqrt(squares / images.length)),
  };
}

/** Images that are all alike have no measure. */
function orOne(measure: number): number {
  return measure > 1e-5 ? measure : 1;
}
