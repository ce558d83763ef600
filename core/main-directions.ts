import { addScaled, dot, orthonormalize } from './search-space-basis.ts';

export interface MainDirections {
  /** Orthonormal rows, one after the other, by falling eigenvalue. */
  readonly directions: Float64Array;
  readonly eigenvalues: Float64Array;
}

/** Directions that are carried along beside the wanted ones, as the last ones converge slowest. */
const spare = 8;
const rounds = 12;

/**
 * The eigenvectors of a symmetric matrix with the largest eigenvalues, by repeated multiplication of
 * a block of vectors. Close neighbours may come out mixed with each other, orthonormal all the same.
 *
 * @param matrix Row by row; no eigenvalue below 0.
 */
export function findMainDirections(
  matrix: Float64Array,
  dimensions: number,
  count: number,
): MainDirections {
  const size = Math.min(count + spare, dimensions);
  let block = startingBlock(size, dimensions);
  for (let round = 0; round < rounds; round += 1) {
    orthonormalize(block, dimensions);
    block = multiply(block, matrix, dimensions);
  }
  orthonormalize(block, dimensions);
  const products = multiply(block, matrix, dimensions);
  const inside = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      inside[i * size + j] = dot(rowOf(block, i, dimensions), rowOf(products, j, dimensions));
    }
  }
  const turned = diagonalize(inside, size);
  const order = Array.from(turned.values.keys())
    .sort((a, b) => (turned.values[b] ?? 0) - (turned.values[a] ?? 0))
    .slice(0, count);
  const directions = new Float64Array(order.length * dimensions);
  for (const [place, column] of order.entries()) {
    const target = rowOf(directions, place, dimensions);
    for (let i = 0; i < size; i += 1) {
      addScaled(target, rowOf(block, i, dimensions), turned.vectors[i * size + column] ?? 0);
    }
  }
  return { directions, eigenvalues: Float64Array.from(order, (k) => turned.values[k] ?? 0) };
}

/** Any start will do that is not at right angles to what is looked for; always the same one. */
function startingBlock(size: number, dimensions: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length: size * dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Each row of the block times the symmetric matrix. */
function multiply(block: Float64Array, matrix: Float64Array, dimensions: number): Float64Array {
  const size = block.length / dimensions;
  const rows = Array.from({ length: size }, (_, row) => rowOf(block, row, dimensions));
  const result = new Float64Array(block.length);
  for (let column = 0; column < dimensions; column += 1) {
    const line = rowOf(matrix, column, dimensions);
    for (const [row, values] of rows.entries()) {
      result[row * dimensions + column] = dot(line, values);
    }
  }
  return result;
}

function rowOf(rows: Float64Array, row: number, dimensions: number): Float64Array {
  return rows.subarray(row * dimensions, (row + 1) * dimensions);
}

/** Jacobi's method: turns two axes at a time until all that is off the diagonal has gone. */
function diagonalize(symmetric: Float64Array, size: number) {
  const matrix = symmetric.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < 30; sweep += 1) {
    let turned = false;
    for (let p = 0; p < size; p += 1) {
      for (let q = p + 1; q < size; q += 1)
        turned = turnAway(matrix, vectors, size, p, q) || turned;
    }
    if (!turned) break;
  }
  const values = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i] ?? 0);
  return { values, vectors };
}

/** Turns axes p and q so that the matrix has 0 at (p, q); false where it has as good as that. */
function turnAway(
  matrix: Float64Array,
  vectors: Float64Array,
  size: number,
  p: number,
  q: number,
): boolean {
  const off = matrix[p * size + q] ?? 0;
  const first = matrix[p * size + p] ?? 0;
  const second = matrix[q * size + q] ?? 0;
  if (!(Math.abs(off) > 1e-14 * (Math.abs(first) + Math.abs(second)))) return false;
  const ratio = (second - first) / (2 * off);
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  for (let i = 0; i < size; i += 1) turnPair(matrix, i * size + p, i * size + q, cosine, sine);
  for (let i = 0; i < size; i += 1) turnPair(matrix, p * size + i, q * size + i, cosine, sine);
  for (let i = 0; i < size; i += 1) turnPair(vectors, i * size + p, i * size + q, cosine, sine);
  return true;
}

function turnPair(values: Float64Array, a: number, b: number, cosine: number, sine: number): void {
  const first = values[a] ?? 0;
  const second = values[b] ?? 0;
  values[a] = cosine * first - sine * second;
  values[b] = sine * first + cosine * second;
}
