/** Normal numbers that are cheap enough for hundreds of millions: the same for the same seed and row. */
export interface Gaussians {
  /** Writes over all of `target`: mean 0, variance 1. */
  fill(target: Float32Array, seed: number, row: number): void;
  /** Adds `scale` times the numbers that `fill` would write. */
  add(target: Float32Array, seed: number, row: number, scale: number): void;
}

const tableBits = 12;

export function createGaussians(): Gaussians {
  const table = quantiles(2 ** tableBits);
  const mask = table.length - 1;
  return {
    fill(target, seed, row) {
      target.fill(0);
      this.add(target, seed, row, 1);
    },
    add(target, seed, row, scale) {
      // Start and step both depend on the row: two rows in billions hardly ever share both.
      const step = mixed(seed ^ Math.imul(row, 0x85ebca6b)) | 1;
      let state = seedOf(seed, row);
      const end = target.length - 1;
      for (let index = 0; index <= end; index += 2) {
        state = (state + step) | 0;
        const bits = mixed(state);
        target[index] = (target[index] ?? 0) + scale * (table[bits & mask] ?? 0);
        if (index === end) return;
        const other = table[(bits >>> tableBits) & mask] ?? 0;
        target[index + 1] = (target[index + 1] ?? 0) + scale * other;
      }
    },
  };
}

/** 32 bits that look like chance, one for one. */
export function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return bits ^ (bits >>> 15);
}

/** A seed made of whole numbers, each of which matters. */
export function seedOf(first: number, second: number, third = 0): number {
  const seed = mixed(Math.imul(first + 1, 0x9e3779b1) ^ 0x2545f491);
  return mixed(mixed(seed ^ Math.imul(second + 1, 0x9e3779b1)) ^ Math.imul(third + 1, 0x85ebca6b));
}

/** From 0 to 1, without the 1. */
export function uniform(first: number, second: number, third = 0): number {
  return (seedOf(first, second, third) >>> 0) / 2 ** 32;
}

/** One normal number, for where few are needed. */
export function normal(first: number, second: number, third: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(first, second, third)));
  return radius * Math.cos(2 * Math.PI * uniform(first ^ 0x5bd1e995, second, third));
}

/** The normal distribution as so many equally likely values, of variance 1. */
function quantiles(count: number): Float32Array {
  const values = Float32Array.from({ length: count }, (_, index) =>
    normalQuantile((index + 0.5) / count),
  );
  const variance = values.reduce((sum, value) => sum + value * value, 0) / count;
  return values.map((value) => value / Math.sqrt(variance));
}

function normalQuantile(share: number): number {
  let low = -6;
  let high = 6;
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The share below a value, by Simpson's rule over the density. */
function normalShare(value: number): number {
  const steps = 40;
  const width = value / steps;
  let sum = 0;
  for (let step = 0; step <= steps; step += 1) {
    const weight = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-((step * width) ** 2) / 2);
  }
  return 0.5 + (sum * width) / (3 * Math.sqrt(2 * Math.PI));
}
