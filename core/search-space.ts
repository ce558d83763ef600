import type { Vector } from './model.ts';
import { ok, type Result } from './result.ts';
import { createBasis, orthonormalize } from './search-space-basis.ts';
import type { SearchSpace, SearchSpaceStatistics } from './search-space-form.ts';
import { parseStatistics, serializeStatistics, statisticsId } from './search-space-bytes.ts';

/** Vector indexes like lengths that fill whole registers. */
const lengthStep = 8;

/** The same statistics always give the very same space, also when they were on disk in between. */
export function createSearchSpace(statistics: SearchSpaceStatistics): SearchSpace {
  const { imageMean, textMean, textScale, evenLength } = statistics;
  const dimensions = imageMean.length;
  const storedDimensions = Math.ceil((dimensions + 2) / lengthStep) * lengthStep;
  const { stretch, unstretch } = createStretch(statistics);
  const meansProduct = innerProduct(textMean, imageMean);
  const work = new Float64Array(dimensions);

  function withLast(last: number): Vector {
    const vector = new Float32Array(storedDimensions);
    vector.set(work);
    vector[dimensions] = last;
    return vector;
  }

  return {
    id: statisticsId(serializeStatistics(statistics)),
    dimensions,
    storedDimensions,
    statistics,
    toStored(vector) {
      subtract(vector, imageMean, work);
      stretch(work);
      const along = (innerProduct(textMean, vector) - meansProduct) / textScale;
      const left = evenLength ** 2 - along ** 2 - squaresOf(work);
      const stored = withLast(along);
      stored[dimensions + 1] = Math.sqrt(Math.max(left, 0));
      return stored;
    },
    toQuery(vector) {
      subtract(vector, textMean, work);
      unstretch(work);
      return { vector: withLast(textScale), offset: innerProduct(vector, imageMean) };
    },
    fromStored(stored) {
      for (let i = 0; i < dimensions; i += 1) work[i] = stored[i] ?? 0;
      unstretch(work);
      return toUnit(work, imageMean);
    },
  };
}

/** A/s and its inverse, in place. */
function createStretch({ imageMean, directions, gains, restGain, scale }: SearchSpaceStatistics) {
  const dimensions = imageMean.length;
  const rows = new Float64Array(directions.length * dimensions);
  for (const [row, direction] of directions.entries()) rows.set(direction, row * dimensions);
  orthonormalize(rows, dimensions);
  const basis = createBasis(dimensions, rows);
  const factors = Float64Array.from(gains, (gain) => gain / scale);
  const inverse = Float64Array.from(gains, (gain) => scale / gain);
  return {
    stretch: (vector: Float64Array) => basis.stretch(vector, factors, restGain / scale),
    unstretch: (vector: Float64Array) => basis.stretch(vector, inverse, scale / restGain),
  };
}

/** For a file, that `parseSearchSpace` makes the very same space of. */
export function serializeSearchSpace({ statistics }: SearchSpace): Uint8Array {
  return serializeStatistics(statistics);
}

/** @returns An error says what is wrong with the bytes, to stand behind "as". */
export function parseSearchSpace(bytes: Uint8Array): Result<SearchSpace, string> {
  const statistics = parseStatistics(bytes);
  return statistics.ok ? ok(createSearchSpace(statistics.value)) : statistics;
}

/** Two vectors of one length; another is a bug, and would go unseen into an index. */
function subtract(vector: Vector, mean: Vector, into: Float64Array): void {
  if (vector.length !== mean.length) {
    throw new Error(`Cannot use the vector as it is not ${mean.length} long: ${vector.length}`);
  }
  for (let i = 0; i < into.length; i += 1) into[i] = (vector[i] ?? 0) - (mean[i] ?? 0);
}

function innerProduct(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function squaresOf(vector: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i += 1) sum += (vector[i] ?? 0) ** 2;
  return sum;
}

/** The sum of both, scaled to length 1. */
function toUnit(offset: Float64Array, mean: Vector): Vector {
  for (let i = 0; i < offset.length; i += 1) offset[i] = (offset[i] ?? 0) + (mean[i] ?? 0);
  const squares = squaresOf(offset);
  const factor = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  const vector = new Float32Array(offset.length);
  for (let i = 0; i < offset.length; i += 1) vector[i] = (offset[i] ?? 0) * factor;
  return vector;
}
