import type { BmpHeader } from './bmp-header.ts';

/**
 * Expands run-length encoded pixels to one palette index a byte, in stored row order. Pixels that
 * the encoding skips have index 0.
 *
 * @returns `undefined` when the data ends before the picture does.
 */
export function expandRunLengths(bytes: Uint8Array, header: BmpHeader): Uint8Array | undefined {
  const { width, height, bits, offset } = header;
  const indices = new Uint8Array(width * height);
  let at = offset;
  let x = 0;
  let y = 0;

  function put(count: number, nibbles: number, valueAt: (byte: number) => number): void {
    for (let index = 0; index < count; index += 1, x += 1) {
      const byte = valueAt(Math.floor(index / nibbles));
      const value = nibbles === 1 ? byte : index % 2 === 0 ? byte >> 4 : byte & 15;
      if (x < width && y < height) indices[y * width + x] = value;
    }
  }

  const perByte = 8 / bits;
  while (y < height && !(y === height - 1 && x >= width)) {
    const count = bytes[at];
    const value = bytes[at + 1];
    if (count === undefined || value === undefined) return undefined;
    at += 2;
    if (count > 0) {
      put(count, perByte, () => value);
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
      const start = at;
      const length = Math.ceil(value / perByte);
      if (start + length > bytes.length) return undefined;
      put(value, perByte, (byte) => bytes[start + byte] ?? 0);
      at += length + (length % 2);
    }
  }
  return indices;
}
