import { createHash } from 'node:crypto';
import { err, ok, type Result } from './result.ts';
import type { SearchSpaceStatistics } from './search-space-form.ts';

/**
 * Little endian: `PSPC`, version, n, r (32 bits each), restGain, scale, textScale, evenLength, r
 * gains (64-bit floats), two means and r directions of n values (32-bit floats), SHA-256 of all before it.
 */
const magic = 0x43505350;
const version = 1;
const headBytes = 16;
const hashBytes = 32;
/** Factors before the gains. */
const scalars = 4;
const maxDimensions = 16_384;

/** More than any model needs, and far from where 32-bit floats end. */
const smallest = 1e-6;
const largest = 1e6;

export function serializeStatistics(statistics: SearchSpaceStatistics): Uint8Array {
  const { imageMean, textMean, directions, gains } = statistics;
  const { restGain, scale, textScale, evenLength } = statistics;
  const bytes = new Uint8Array(bytesOf(imageMean.length, directions.length));
  const view = new DataView(bytes.buffer);
  const head = [magic, version, imageMean.length, directions.length];
  for (const [place, value] of head.entries()) view.setUint32(4 * place, value, true);
  let at = headBytes;
  for (const value of [restGain, scale, textScale, evenLength, ...gains]) {
    view.setFloat64(at, value, true);
    at += 8;
  }
  for (const vector of [imageMean, textMean, ...directions]) {
    for (const value of vector) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  bytes.set(hashOf(bytes.subarray(0, at)), at);
  return bytes;
}

/** @returns An error says what is wrong with the bytes, to stand behind "as". */
export function parseStatistics(bytes: Uint8Array): Result<SearchSpaceStatistics, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headBytes + hashBytes || view.getUint32(0, true) !== magic) {
    return err('it is no search space');
  }
  const found = view.getUint32(4, true);
  if (found !== version) return err(`its version is not ${version}, but: ${found}`);
  const dimensions = view.getUint32(8, true);
  const rank = view.getUint32(12, true);
  if (dimensions < 1 || dimensions > maxDimensions || rank > dimensions) {
    return err(`its sizes can't be: ${dimensions} dimensions, ${rank} directions`);
  }
  const expected = bytesOf(dimensions, rank);
  if (bytes.length !== expected) {
    return err(`it is not ${expected} bytes long, but: ${bytes.length}`);
  }
  if (!isWhole(bytes)) return err('its checksum does not match');
  return readStatistics(view, dimensions, rank);
}

/** The same for the same statistics, whoever writes them. */
export function statisticsId(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(-hashBytes)).toString('hex', 0, 16);
}

function readStatistics(
  view: DataView,
  dimensions: number,
  rank: number,
): Result<SearchSpaceStatistics, string> {
  const factors = Array.from({ length: scalars + rank }, (_, place) =>
    view.getFloat64(headBytes + 8 * place, true),
  );
  const wrong = factors.find((factor) => !(factor >= smallest && factor <= largest));
  if (wrong !== undefined) return err(`a factor is out of range: ${wrong}`);
  const vectors = Array.from({ length: 2 + rank }, (_, place) => {
    const start = headBytes + 8 * factors.length + 4 * dimensions * place;
    return Float32Array.from({ length: dimensions }, (_value, i) =>
      view.getFloat32(start + 4 * i, true),
    );
  });
  if (vectors.some((vector) => vector.some((value) => !(Math.abs(value) <= largest)))) {
    return err('it has a value that is no number');
  }
  const [restGain = 1, scale = 1, textScale = 1, evenLength = 1, ...gains] = factors;
  const none = new Float32Array(dimensions);
  const [imageMean = none, textMean = none, ...directions] = vectors;
  return ok({ imageMean, textMean, directions, gains, restGain, scale, textScale, evenLength });
}

function bytesOf(dimensions: number, rank: number): number {
  return headBytes + 8 * (scalars + rank) + 4 * dimensions * (2 + rank) + hashBytes;
}

function isWhole(bytes: Uint8Array): boolean {
  const end = bytes.length - hashBytes;
  return Buffer.compare(hashOf(bytes.subarray(0, end)), bytes.subarray(end)) === 0;
}

function hashOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
