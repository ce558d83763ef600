import { err, ok, type Result } from '../core/result.ts';
import { type BmpHeader, readBmpHeader } from './bmp-header.ts';
import { expandRunLengths } from './bmp-run-lengths.ts';

/** Pixels row by row from the top left, 3 (RGB) or 4 (RGBA) bytes each. */
export interface RawPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

/**
 * Decodes a BMP file: 1 to 32 bits a pixel, palettes, bit fields, run lengths, both row orders. The
 * packages there are ignore the pixel offset, mix up channels or lose columns in some of these.
 * Memory: 3 or 4 bytes a pixel, after the file was found long enough for them.
 *
 * @returns An error says what is wrong with the file, to stand behind "as".
 */
export function decodeBmp(bytes: Uint8Array): Result<RawPicture, string> {
  const header = readBmpHeader(bytes);
  if (!header.ok) return header;
  const { width, height } = header.value;
  if (header.value.runLengths) {
    const indices = expandRunLengths(bytes, header.value);
    if (!indices) return err('its data ends too early');
    return ok(paint(header.value, (x, y) => indices[y * width + x] ?? 0));
  }
  const { bits, stride, offset } = header.value;
  if (offset + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length) {
    return err('its data ends too early');
  }
  return ok(paint(header.value, createPixelReader(bytes, header.value)));
}

type PixelReader = (x: number, y: number) => number;

/** The stored number of a pixel: an index into the palette, or all its channels. */
function createPixelReader(bytes: Uint8Array, header: BmpHeader): PixelReader {
  const { bits, stride, offset } = header;
  const at = (index: number): number => bytes[index] ?? 0;
  if (bits < 8) {
    const perByte = 8 / bits;
    const mask = (1 << bits) - 1;
    return (x, y) =>
      (at(offset + y * stride + Math.floor(x / perByte)) >> (8 - bits * ((x % perByte) + 1))) &
      mask;
  }
  const size = bits / 8;
  if (size === 1) return (x, y) => at(offset + y * stride + x);
  if (size === 2) {
    return (x, y) => {
      const index = offset + y * stride + x * 2;
      return at(index) | (at(index + 1) << 8);
    };
  }
  return (x, y) => {
    const index = offset + y * stride + x * size;
    const top = size === 4 ? at(index + 3) << 24 : 0;
    return (at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | top) >>> 0;
  };
}

function paint(header: BmpHeader, read: PixelReader): RawPicture {
  const { width, height, topDown, palette, channels: readers } = header;
  const channels = readers.length === 4 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  let seen = 0;
  for (let y = 0, to = 0; y < height; y += 1) {
    const row = topDown ? y : height - 1 - y;
    for (let x = 0; x < width; x += 1) {
      const stored = read(x, row);
      const colour = palette ? (palette[stored] ?? 0) : stored;
      for (const { shift, mask, scale } of readers) {
        data[to] = ((colour >>> shift) & mask) * scale;
        to += 1;
      }
      if (channels === 4) seen |= data[to - 1] ?? 0;
    }
  }
  // Many writers declare an alpha channel and leave it empty: nobody means a wholly unseen picture.
  if (channels === 4 && seen === 0) {
    for (let index = 3; index < data.length; index += 4) data[index] = 255;
  }
  return { data, width, height, channels };
}
