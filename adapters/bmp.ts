import { setImmediate } from 'node:timers/promises';
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
 * Memory: 3 or 4 bytes a pixel, after the file was found long enough for them. Lets others have
 * their turn every few milliseconds.
 *
 * @returns An error says what is wrong with the file, to stand behind "as".
 */
export async function decodeBmp(bytes: Uint8Array): Promise<Result<RawPicture, string>> {
  const header = readBmpHeader(bytes);
  if (!header.ok) return header;
  const { width, height, bits, stride, offset } = header.value;
  if (header.value.runLengths) {
    const indices = expandRunLengths(bytes, header.value);
    if (!indices) return err('its data ends too early');
    const expanded = { ...header.value, bits: 8, stride: width, offset: 0 };
    return ok(await paint(indices, expanded));
  }
  if (offset + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length) {
    return err('its data ends too early');
  }
  return ok(await paint(bytes, header.value));
}

/** About a millisecond's work. */
const pixelsATurn = 1 << 17;

async function paint(bytes: Uint8Array, header: BmpHeader): Promise<RawPicture> {
  const { width, height, topDown, palette, channels: readers } = header;
  const channels = readers.length === 4 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const row = new Uint32Array(width);
  const rowsATurn = Math.ceil(pixelsATurn / width);
  for (let y = 0; y < height; y += 1) {
    if (y % rowsATurn === rowsATurn - 1) await setImmediate();
    readRow(row, bytes, header, topDown ? y : height - 1 - y);
    if (palette) row.forEach((index, x) => (row[x] = palette[index] ?? 0));
    for (const [channel, { shift, mask, scale }] of readers.entries()) {
      let to = y * width * channels + channel;
      for (let x = 0; x < width; x += 1, to += channels) {
        data[to] = (((row[x] ?? 0) >>> shift) & mask) * scale;
      }
    }
  }
  if (channels === 4) showIfUnseen(data);
  return { data, width, height, channels };
}

/** The stored number of every pixel of a row: an index into the palette, or all its channels. */
function readRow(row: Uint32Array, bytes: Uint8Array, header: BmpHeader, y: number): void {
  const { bits, stride, offset, width } = header;
  const start = offset + y * stride;
  if (bits < 8) {
    const perByte = 8 / bits;
    for (let x = 0; x < width; x += 1) {
      const byte = bytes[start + Math.floor(x / perByte)] ?? 0;
      row[x] = (byte >> (8 - bits * ((x % perByte) + 1))) & ((1 << bits) - 1);
    }
    return;
  }
  const size = bits / 8;
  for (let x = 0, at = start; x < width; x += 1, at += size) {
    let stored = bytes[at] ?? 0;
    if (size > 1) stored |= (bytes[at + 1] ?? 0) << 8;
    if (size > 2) stored |= (bytes[at + 2] ?? 0) << 16;
    if (size > 3) stored |= (bytes[at + 3] ?? 0) << 24;
    row[x] = stored;
  }
}

/** Many writers declare an alpha channel and leave it empty: nobody means an unseen picture. */
function showIfUnseen(rgba: Uint8Array): void {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 0) return;
  for (let at = 3; at < rgba.length; at += 4) rgba[at] = 255;
}
