/** A few directions at right angles to each other, along which vectors are stretched. */
export interface Basis {
  /**
   * In place: along direction k times `gains[k]`, and across all of them times `rest`. With `1 / gains`
   * and `1 / rest` it is the way back.
   */
  stretch(vector: Float64Array, gains: Float64Array, rest: number): void;
}

/** Rows that are worked on at a time, so that a processor has four sums to go on with. */
const lanes = 4;

/**
 * @param directions Orthonormal rows, one after the other; a row of zeros stands for none.
 */
export function createBasis(dimensions: number, directions: Float64Array): Basis {
  const rank = directions.length / dimensions;
  const blocks = Math.ceil(rank / lanes);
  // Four rows side by side: value i of row 4b + lane is at (b * dimensions + i) * 4 + lane. In 32 bits,
  // as reading them takes longer than multiplying; what that adds to a cosine is below 1e-6.
  const packed = new Float32Array(blocks * dimensions * lanes);
  for (let row = 0; row < rank; row += 1) {
    const start = Math.floor(row / lanes) * dimensions * lanes + (row % lanes);
    for (let i = 0; i < dimensions; i += 1) {
      packed[start + i * lanes] = directions[row * dimensions + i] ?? 0;
    }
  }
  const parts = new Float64Array(blocks * lanes);
  return {
    stretch(vector, gains, rest) {
      measureParts(packed, vector, parts);
      for (let row = 0; row < rank; row += 1) {
        parts[row] = (parts[row] ?? 0) * ((gains[row] ?? rest) - rest);
      }
      for (let i = 0; i < dimensions; i += 1) vector[i] = (vector[i] ?? 0) * rest;
      addParts(packed, vector, parts);
    },
  };
}

/** How much of the vector there is along each direction. */
function measureParts(packed: Float32Array, vector: Float64Array, parts: Float64Array): void {
  const { length } = vector;
  let at = 0;
  for (let row = 0; row < parts.length; row += lanes) {
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let i = 0; i < length; i += 1) {
      const value = vector[i] ?? 0;
      sum0 += (packed[at] ?? 0) * value;
      sum1 += (packed[at + 1] ?? 0) * value;
      sum2 += (packed[at + 2] ?? 0) * value;
      sum3 += (packed[at + 3] ?? 0) * value;
      at += lanes;
    }
    parts[row] = sum0;
    parts[row + 1] = sum1;
    parts[row + 2] = sum2;
    parts[row + 3] = sum3;
  }
}

function addParts(packed: Float32Array, vector: Float64Array, parts: Float64Array): void {
  const { length } = vector;
  let at = 0;
  for (let row = 0; row < parts.length; row += lanes) {
    const part0 = parts[row] ?? 0;
    const part1 = parts[row + 1] ?? 0;
    const part2 = parts[row + 2] ?? 0;
    const part3 = parts[row + 3] ?? 0;
    for (let i = 0; i < length; i += 1) {
      vector[i] =
        (vector[i] ?? 0) +
        ((packed[at] ?? 0) * part0 + (packed[at + 1] ?? 0) * part1) +
        ((packed[at + 2] ?? 0) * part2 + (packed[at + 3] ?? 0) * part3);
      at += lanes;
    }
  }
}

/**
 * In place, row by row and always alike: each row at right angles to those before it, and of length 1.
 * A row that is nothing new becomes zeros.
 */
export function orthonormalize(rows: Float64Array, dimensions: number): void {
  for (let start = 0; start < rows.length; start += dimensions) {
    const row = rows.subarray(start, start + dimensions);
    const before = Math.sqrt(dot(row, row));
    // Twice, as what the first pass takes away leaves rounding behind.
    for (let pass = 0; pass < 2; pass += 1) {
      for (let other = 0; other < start; other += dimensions) {
        const direction = rows.subarray(other, other + dimensions);
        addScaled(row, direction, -dot(row, direction));
      }
    }
    const after = Math.sqrt(dot(row, row));
    const isNew = after > before * 1e-6 && Number.isFinite(before / after);
    const scale = isNew ? 1 / after : 0;
    for (let i = 0; i < dimensions; i += 1) row[i] = isNew ? (row[i] ?? 0) * scale : 0;
  }
}

export function dot(a: Float64Array, b: Float64Array): number {
  let even = 0;
  let odd = 0;
  const { length } = a;
  for (let i = 0; i + 1 < length; i += 2) {
    even += (a[i] ?? 0) * (b[i] ?? 0);
    odd += (a[i + 1] ?? 0) * (b[i + 1] ?? 0);
  }
  return length % 2 === 0 ? even + odd : even + odd + (a[length - 1] ?? 0) * (b[length - 1] ?? 0);
}

export function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i += 1) {
    target[i] = (target[i] ?? 0) + factor * (source[i] ?? 0);
  }
}
