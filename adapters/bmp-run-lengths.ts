import type { BmpHeader } from './bmp-header.ts';

/**
 * Expands run-length encoded pixels to one palette index a byte, in stored row order. Pixels that
 * the encoding skips have index 0.
 *
 * @returns `undefined` when the data ends before the picture does.
 */
export function expandRunLengths(bytes: Uint8Array, header: BmpHeader): Uint8Array | undefined {
  const { width, height, bits } = header;
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bits;
  let at = header.offset;
  let x = 0;
  let y = 0;
  while (y < height && !(y === height - 1 && x >= width)) {
    const count = bytes[at];
    const value = bytes[at + 1];
    if (count === undefined || value === undefined) return undefined;
    at += 2;
    const row = indices.subarray(y * width, (y + 1) * width);
    if (count > 0) {
      repeat(row.subarray(x, x + count), value, perByte);
      x += count;
    } else if (value === 0) {
      x = 0;
      y += 1;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      x += bytes[at] ?? 0;
      y += bytes[at + 1] ?? 0;
      at += 2;
    } else {
      const length = Math.ceil(value / perByte);
      if (at + length > bytes.length) return undefined;
      copy(row.subarray(x, x + value), bytes.subarray(at, at + length), perByte);
      x += value;
      at += length + (length % 2);
    }
  }
  return indices;
}

function repeat(to: Uint8Array, value: number, perByte: number): void {
  if (perByte === 1) to.fill(value);
  else to.forEach((_, place) => (to[place] = nibbleOf(value, place)));
}

function copy(to: Uint8Array, from: Uint8Array, perByte: number): void {
  if (perByte === 1) to.set(from.subarray(0, to.length));
  else to.forEach((_, place) => (to[place] = nibbleOf(from[place >> 1] ?? 0, place)));
}

function nibbleOf(byte: number, place: number): number {
  return place % 2 === 0 ? byte >> 4 : byte & 15;
}
