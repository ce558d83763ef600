/**
 * Ranges over numbers without a numeric column: a number is a string of hexadecimal digits that
 * sorts as the numbers do, each number is stored under all its prefixes, and a range is the few
 * prefixes that cover it. So any metadata key can be asked for a range, lists included, exactly.
 */

const digits = 16;
const largest = 2n ** 64n - 1n;
const signBit = 2n ** 63n;
const scratch = new DataView(new ArrayBuffer(8));

/** The prefixes that a number is stored under. The shortest is empty: it is a number at all. */
export function prefixesOf(value: number): string[] {
  const path = hex(sortKey(value)).replace(/0+$/, '');
  return Array.from({ length: path.length + 1 }, (_, length) => path.slice(0, length));
}

export interface Cover {
  /** Every number that is stored under one of these is in the range. */
  readonly prefixes: readonly string[];
  /** Numbers in the range that have none of these prefixes. */
  readonly numbers: readonly number[];
}

interface Bounds {
  readonly gte?: number;
  readonly gt?: number;
  readonly lte?: number;
  readonly lt?: number;
}

/** What a stored number must have to be within all given bounds. */
export function coverRange({ gte, gt, lte, lt }: Bounds): Cover {
  const lows = [0n];
  if (gte !== undefined) lows.push(sortKey(gte));
  if (gt !== undefined) lows.push(sortKey(gt) + 1n);
  const highs = [largest];
  if (lte !== undefined) highs.push(sortKey(lte));
  if (lt !== undefined) highs.push(sortKey(lt) - 1n);
  const low = lows.reduce((a, b) => (a > b ? a : b));
  const high = highs.reduce((a, b) => (a < b ? a : b));
  const cover = { prefixes: [], numbers: [] };
  if (low <= high) addCover(cover, '', low, high);
  return cover;
}

function addCover(
  cover: { prefixes: string[]; numbers: number[] },
  prefix: string,
  low: bigint,
  high: bigint,
): void {
  const first = BigInt(`0x${prefix.padEnd(digits, '0')}`);
  const last = BigInt(`0x${prefix.padEnd(digits, 'f')}`);
  if (last < low || first > high) return;
  if (first >= low && last <= high) {
    cover.prefixes.push(prefix);
    // A number is not stored under prefixes that end in its own trailing zeros.
    if (prefix.endsWith('0')) cover.numbers.push(numberOf(first));
    return;
  }
  for (let digit = 0; digit < 16; digit++) {
    addCover(cover, prefix + digit.toString(16), low, high);
  }
}

/** Order of the keys as integers is the order of the numbers. */
function sortKey(value: number): bigint {
  scratch.setFloat64(0, value === 0 ? 0 : value);
  const bits = scratch.getBigUint64(0);
  return bits >= signBit ? largest - bits : bits + signBit;
}

function numberOf(key: bigint): number {
  scratch.setBigUint64(0, key >= signBit ? key - signBit : largest - key);
  return scratch.getFloat64(0);
}

function hex(key: bigint): string {
  return key.toString(16).padStart(digits, '0');
}
