import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  colours,
  encodeImage,
  fileFormats,
  jpegWithOrientation,
  noise,
  plain,
  quarters,
  type Rgb,
  sharpOf,
  truncated,
} from '../test/support/images.ts';
import { PixelRecipe } from './model-directory.ts';
import type { PictureSize } from './picture-geometry.ts';
import { createPixelReader } from './pixels.ts';

const golden = path.resolve(import.meta.dirname, '../../shared/data/clip-pixels');

const upright = ['red', 'green', 'blue', 'yellow'];

describe('createPixelReader', () => {
  const side = 16;
  const reader = createPixelReader(
    PixelRecipe.parse({ size: side, mean: [0, 0, 0], std: [1, 1, 1] }),
  );

  async function read(
    file: Uint8Array,
  ): Promise<{ size: PictureSize; at: (x: number, y: number) => Rgb }> {
    const slot = new Float32Array(reader.slotLength);
    const size = expectOk(await reader.read(file, slot));
    const value = (channel: number, x: number, y: number): number =>
      Math.round((slot[channel * side * side + y * side + x] ?? Number.NaN) * 255);
    return { size, at: (x, y) => [value(0, x, y), value(1, x, y), value(2, x, y)] };
  }

  async function codeOf(file: Uint8Array): Promise<string> {
    return expectFailure(await reader.read(file, new Float32Array(reader.slotLength))).code;
  }

  function expectNear(found: Rgb, expected: Rgb, tolerance = 12): void {
    const difference = Math.max(
      ...expected.map((value, place) => Math.abs(value - (found[place] ?? 0))),
    );
    expect(difference, `${found} is not near ${expected}`).toBeLessThanOrEqual(tolerance);
  }

  /** The colours in the middle of the four quarters, by name where they are near to one. */
  async function quartersOf(file: Uint8Array): Promise<string[]> {
    const { at } = await read(file);
    const middles = [at(3, 3), at(12, 3), at(3, 12), at(12, 12)];
    return middles.map((found) => {
      const isNear = ([, colour]: [string, Rgb]): boolean =>
        colour.every((value, place) => Math.abs(value - (found[place] ?? 0)) <= 12);
      return Object.entries(colours).find(isNear)?.[0] ?? found.join();
    });
  }

  it.each(fileFormats)('reads a %s file, by channels, with its size', async (format) => {
    const file = await encodeImage(quarters(96, 64), format);
    expect((await read(file)).size).toEqual({ width: 96, height: 64 });
    expect(await quartersOf(file)).toEqual(upright);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('turns EXIF orientation %i upright', async (orientation) => {
    const file = await jpegWithOrientation(quarters(96, 64), orientation);
    expect((await read(file)).size).toEqual({ width: 96, height: 64 });
    expect(await quartersOf(file)).toEqual(upright);
  });

  it('crops the centre of the longer side', async () => {
    const { data } = quarters(32, 32);
    const wide = sharpOf({ width: 32, height: 32, data }).extend({
      left: 40,
      right: 40,
      background: '#000',
    });
    expect(await quartersOf(await wide.png().toBuffer())).toEqual(upright);
    const high = sharpOf({ width: 32, height: 32, data }).extend({
      top: 40,
      bottom: 40,
      background: '#000',
    });
    expect(await quartersOf(await high.png().toBuffer())).toEqual(upright);
  });

  it('lays transparency on white', async () => {
    const background = { r: 0, g: 0, b: 0, alpha: 0 };
    const clear = sharp({ create: { width: 20, height: 20, channels: 4, background } });
    for (const format of ['png', 'webp', 'gif', 'avif'] as const) {
      expectNear(
        (await read(await clear.clone().toFormat(format).toBuffer())).at(8, 8),
        colours.white,
        2,
      );
    }
    const half = sharp({
      create: { width: 20, height: 20, channels: 4, background: { ...background, alpha: 0.5 } },
    });
    expectNear((await read(await half.png().toBuffer())).at(8, 8), [127, 127, 127], 2);
    const deep = await half.clone().toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expectNear((await read(deep)).at(8, 8), [127, 127, 127], 2);
  });

  it('reads greyscale, 16 bits a channel, palettes and CMYK as sRGB', async () => {
    const grey = await sharpOf(plain([90, 90, 90]))
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(1);
    expectNear((await read(grey)).at(8, 8), [90, 90, 90], 2);
    expect(
      await quartersOf(await sharpOf(quarters()).toColourspace('rgb16').png().toBuffer()),
    ).toEqual(upright);
    expect(
      await quartersOf(await sharpOf(quarters()).png({ palette: true, colours: 8 }).toBuffer()),
    ).toEqual(upright);
    expect(
      await quartersOf(
        await sharpOf(quarters()).jpeg({ progressive: true, quality: 95 }).toBuffer(),
      ),
    ).toEqual(upright);
    const cmyk = await sharpOf(plain(colours.blue))
      .toColourspace('cmyk')
      .jpeg({ quality: 95 })
      .toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const [red, green, blue] = (await read(cmyk)).at(8, 8);
    expect(blue).toBeGreaterThan(Math.max(red, green) + 50);
  });

  it('reads the first picture of an animation', async () => {
    const frames = [colours.red, colours.blue].map((colour) => sharpOf(plain(colour, 20, 20)));
    const inputs = await Promise.all(frames.map((frame) => frame.png().toBuffer()));
    for (const format of ['gif', 'webp'] as const) {
      const file = await sharp(inputs, { join: { animated: true } })
        .toFormat(format)
        .toBuffer();
      const { size, at } = await read(file);
      expect(size).toEqual({ width: 20, height: 20 });
      expectNear(at(8, 8), colours.red);
    }
  });

  it.each([
    [1, 1],
    [20_000, 10],
    [10, 20_000],
    [1, 60_000],
    [3, 2],
  ])('reads a picture of %i x %i', async (width, height) => {
    const { size, at } = await read(await encodeImage(plain(colours.green, width, height), 'png'));
    expect(size).toEqual({ width, height });
    expectNear(at(0, 0), colours.green);
    expectNear(at(15, 15), colours.green);
  });

  it('refuses what is not a picture, whatever it claims to be', async () => {
    expect(await codeOf(Buffer.of())).toBe('image_empty');
    const impostors = [
      'just text, renamed to .jpg',
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>',
      '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
      '%PDF-1.7',
      'BMW and other cars are listed in the table below',
      'RIFF____WAVEfmt ',
      'GIF',
      '\0\0\0\u0018ftypheic\0\0\0\0mif1heic',
    ];
    for (const text of impostors)
      expect(await codeOf(Buffer.from(text, 'latin1'))).toBe('not_an_image');
  });

  it.each(fileFormats)('calls a %s file damaged that was cut off anywhere', async (format) => {
    const file = await encodeImage(noise(120, 90), format);
    for (const share of [0.02, 0.3, 0.6, 0.9]) {
      const cut = truncated(file, Math.max(share, 30 / file.length));
      expect(await codeOf(cut), `${share}`).toBe('image_corrupt');
    }
  });

  it('takes a JPEG with harmless rubbish before a marker', async () => {
    const file = await sharpOf(quarters())
      .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const table = file.indexOf(Buffer.of(0xff, 0xc0));
    const rubbish = Buffer.concat([
      file.subarray(0, table),
      Buffer.of(1, 2, 3),
      file.subarray(table),
    ]);
    expect(await quartersOf(rubbish)).toEqual(upright);
  });

  it('refuses pictures of more pixels than a machine can hold, by their header', async () => {
    const bomb = await encodeImage(plain(colours.red, 10, 10), 'png');
    bomb.writeUInt32BE(50_000, 16);
    bomb.writeUInt32BE(50_000, 20);
    // libpng checks the header's sum: a bomb that wants to be opened has the right one.
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    expect(await codeOf(bomb)).toBe('image_too_large');
    expect(await codeOf(Buffer.concat([bomb, Buffer.alloc(50_000_001)]))).toBe('image_too_large');
  });

  it('decodes the next pictures when one before them was cancelled', async () => {
    const file = await encodeImage(noise(300, 300), 'png');
    const slot = new Float32Array(reader.slotLength);
    const abort = new AbortController();
    const all = Array.from({ length: 30 }, (_, place) =>
      reader.read(file, slot, place % 2 === 0 ? abort.signal : undefined),
    );
    abort.abort();
    const results = await Promise.all(all);
    for (const [place, result] of results.entries())
      expect(result.ok || place % 2 === 0).toBe(true);
  });

  it.skipIf(!existsSync(golden))(
    'gives what the reference preprocessing gives (../shared/data/clip-pixels)',
    async () => {
      const clip = createPixelReader(
        PixelRecipe.parse({
          size: 224,
          mean: [0.48145466, 0.4578275, 0.40821073],
          std: [0.26862954, 0.26130258, 0.27577711],
        }),
      );
      const expected = await readFloats(path.join(golden, 'expected.npy'));
      const slot = new Float32Array(clip.slotLength);
      expectOk(await clip.read(await readFile(path.join(golden, 'input.jpg')), slot));
      const total = slot.reduce((sum, value, at) => sum + Math.abs(value - (expected[at] ?? 9)), 0);

      expect(total / slot.length).toBeLessThan(0.005);
    },
  );
});

/** The data of a NumPy file of float32. */
async function readFloats(file: string): Promise<Float32Array> {
  const bytes = await readFile(file);
  const data = bytes.subarray(10 + bytes.readUInt16LE(8));
  return new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}
