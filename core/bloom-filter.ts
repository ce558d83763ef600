import type { ImageId } from './model.ts';

/**
 * Which ids were seen, in a fixed number of bytes. What was added is never denied; of what was not,
 * a share of `falsePositiveRate` is taken for seen, others with every seed.
 */
export interface BloomFilter {
  add(id: ImageId): void;
  has(id: ImageId): boolean;
}

/** The best for as many ids as a fifth of the bits, and enough for fewer. */
const positions = 4;

/** A position is a hash of 32 bits. */
const maxBytes = 2 ** 29;

/**
 * @param bytes Of the filter: 1 to 512 MiB.
 * @param seed A whole number of 32 bits. Two filters with the same contents and other seeds are wrong
 * about other ids.
 */
export function createBloomFilter(bytes: number, seed: number): BloomFilter {
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > maxBytes) {
    throw new Error(`Cannot make the filter as its size is not 1 to ${maxBytes} bytes: ${bytes}`);
  }
  const bits = new Uint8Array(bytes);
  const [firstSeed, secondSeed] = [mix(seed), mix(seed ^ 0x5bd1e995)];
  // Ids are hashes already; the seed makes other ones of them.
  const hash = (id: bigint, from: number) =>
    mix(mix(from ^ Number(id & 0xffff_ffffn)) ^ Number(id >> 32n));

  /** Whether all positions were set; with `add` they are afterwards. */
  function visit(text: ImageId, add: boolean): boolean {
    const id = BigInt(text);
    const [start, step] = [hash(id, firstSeed), hash(id, secondSeed)];
    let known = true;
    for (let n = 0; n < positions; n += 1) {
      const position = (start + n * step) % (bytes * 8);
      const [place, bit] = [Math.floor(position / 8), 1 << (position & 7)];
      const byte = bits[place] ?? 0;
      known &&= (byte & bit) !== 0;
      if (add) bits[place] = byte | bit;
    }
    return known;
  }

  return { add: (id) => void visit(id, true), has: (id) => visit(id, false) };
}

/** The share of ids that a filter of so many bytes takes for seen, wrongly, when so many were added. */
export function falsePositiveRate(bytes: number, added: number): number {
  return (1 - Math.exp((-positions * added) / (bytes * 8))) ** positions;
}

/** Every bit of the number has its part in every bit of the result. */
function mix(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
