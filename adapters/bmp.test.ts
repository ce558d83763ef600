import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bmpFile, bmpOf } from '../test/support/bmp.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { colours, noise, quarters, rawImage } from '../test/support/images.ts';
import { decodeBmp } from './bmp.ts';
import { PixelRecipe } from './model-directory.ts';
import { createPixelReader } from './pixels.ts';

const red = 0xdc1e1e;
const blue = 0x283cd2;

/** Rows of pixels as hexadecimal colours, from the top. */
async function rowsOf(file: Uint8Array): Promise<string[]> {
  const decoded = await decodeBmp(file);
  if (!decoded.ok) throw new Error(decoded.error);
  const { data, width, height, channels } = decoded.value;
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (__, x) => {
      const at = (y * width + x) * channels;
      return Buffer.from(data.subarray(at, at + channels)).toString('hex');
    }).join(' '),
  );
}

async function errorOf(file: Uint8Array): Promise<string> {
  const decoded = await decodeBmp(file);
  return decoded.ok ? 'none' : decoded.error;
}

describe('decodeBmp', () => {
  it.each([24, 32] as const)(
    'reads %i bits a pixel of any width, in both row orders',
    async (bits) => {
      for (const width of [1, 2, 3, 5, 8]) {
        const image = noise(width, 4);
        for (const topDown of [false, true]) {
          const decoded = await decodeBmp(bmpOf(image, { bits, topDown }));
          expect(decoded).toEqual({ ok: true, value: { ...image, channels: 3 } });
        }
      }
    },
  );

  it.each([
    [1, [0b1010_0000, 0, 0, 0]],
    [4, [0x10, 0x10, 0, 0]],
    [8, [1, 0, 1, 0]],
  ])('reads a palette of %i bits a pixel, of odd width', async (bits, row) => {
    const pixels = Uint8Array.from([...row, ...row]);
    for (const headerSize of [12, 40, 124]) {
      const file = bmpFile({ width: 3, height: 2, bits, palette: [red, blue], pixels, headerSize });
      expect(await rowsOf(file)).toEqual(['283cd2 dc1e1e 283cd2', '283cd2 dc1e1e 283cd2']);
    }
  });

  it('finds pixels behind a gap', async () => {
    const pixels = Uint8Array.of(1, 0, 0, 0);
    const file = bmpFile({ width: 1, height: 1, bits: 8, palette: [red, blue], pixels, gap: 13 });
    expect(await rowsOf(file)).toEqual(['283cd2']);
  });

  it('reads bit fields of 16 and 32 bits, and 5 bits a channel without any', async () => {
    const sixteen = { width: 2, height: 1, bits: 16 };
    const fiveSixFive = Uint8Array.of(0x00, 0xf8, 0xe0, 0x07);
    const masks = [0xf800, 0x7e0, 0x1f];
    expect(
      await rowsOf(bmpFile({ ...sixteen, compression: 3, masks, pixels: fiveSixFive })),
    ).toEqual(['ff0000 00ff00']);
    const fives = Uint8Array.of(0x00, 0x7c, 0x1f, 0x00);
    expect(await rowsOf(bmpFile({ ...sixteen, pixels: fives }))).toEqual(['ff0000 0000ff']);
    const turned = {
      width: 1,
      height: 1,
      bits: 32,
      compression: 3,
      masks: [0xff, 0xff00, 0xff0000],
    };
    expect(await rowsOf(bmpFile({ ...turned, pixels: Uint8Array.of(1, 2, 3, 4) }))).toEqual([
      '010203',
    ]);
  });

  it('keeps an alpha channel, unless it is empty throughout', async () => {
    const masks = [0xff0000, 0xff00, 0xff, 0xff000000];
    const form = { width: 2, height: 1, bits: 32, compression: 3, masks, headerSize: 124 };
    const half = Uint8Array.of(1, 2, 3, 128, 4, 5, 6, 0);
    expect(await rowsOf(bmpFile({ ...form, pixels: half }))).toEqual(['03020180 06050400']);
    const empty = Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 0);
    expect(await rowsOf(bmpFile({ ...form, pixels: empty }))).toEqual(['030201ff 060504ff']);
  });

  it('expands run lengths: runs, literals, line ends, skips and an early end', async () => {
    const form = { width: 5, height: 2, palette: [red, blue] };
    const eight = Uint8Array.of(2, 1, 0, 3, 0, 1, 0, 0, 0, 0, 0, 2, 4, 0, 1, 1, 0, 1);
    expect(await rowsOf(bmpFile({ ...form, bits: 8, compression: 1, pixels: eight }))).toEqual([
      'dc1e1e dc1e1e dc1e1e dc1e1e 283cd2',
      '283cd2 283cd2 dc1e1e 283cd2 dc1e1e',
    ]);
    const four = Uint8Array.of(3, 0x10, 0, 0, 0, 5, 0x01, 0x01, 0x10, 0, 0, 1);
    expect(await rowsOf(bmpFile({ ...form, bits: 4, compression: 2, pixels: four }))).toEqual([
      'dc1e1e 283cd2 dc1e1e 283cd2 283cd2',
      '283cd2 dc1e1e 283cd2 dc1e1e dc1e1e',
    ]);
  });

  it('tells a header that lies from a picture, before it makes room for it', async () => {
    const pixels = Uint8Array.of(1, 2, 3, 0);
    const lie = (fields: object): Promise<string> =>
      errorOf(bmpFile({ width: 1, height: 1, bits: 24, pixels, ...fields }));
    expect(await lie({})).toBe('none');
    expect(await lie({ width: 60_000, height: 60_000 })).toMatch(/too early/);
    expect(await lie({ width: 2 ** 31 - 1, height: -(2 ** 31) })).toMatch(/too early/);
    expect(await lie({ width: -1 })).toMatch(/no size/);
    expect(await lie({ height: 0 })).toMatch(/no size/);
    expect(await lie({ bits: 7 })).toMatch(/unknown encoding/);
    expect(await lie({ compression: 4 })).toMatch(/unknown encoding/);
    const astray = bmpFile({ width: 1, height: 1, bits: 24, pixels });
    astray.writeUInt32LE(4_000_000_000, 10);
    expect(await errorOf(astray)).toMatch(/points nowhere/);
    expect(
      await errorOf(bmpFile({ width: 9, height: 9, bits: 8, compression: 1, pixels })),
    ).toMatch(/early/);
    expect(await errorOf(bmpOf(quarters()).subarray(0, 2000))).toMatch(/too early/);
    expect(await errorOf(Buffer.from('BM'))).toMatch(/header ends too early/);
  });

  it('never throws, whatever the bytes are', async () => {
    const start = bmpFile({
      width: 4,
      height: 4,
      bits: 8,
      palette: [red, blue],
      pixels: new Uint8Array(16),
    });
    const field = fc.record({
      at: fc.integer({ min: 10, max: 40 }),
      value: fc.integer({ min: 0, max: 255 }),
    });
    const property = fc.asyncProperty(
      fc.array(field, { maxLength: 4 }),
      fc.integer({ min: 0, max: 90 }),
      async (fields, length) => {
        const file = Buffer.from(start);
        for (const { at, value } of fields) file[at] = value;
        // What is larger is refused before decoding, by the limit on pixels.
        fc.pre(Math.abs(file.readInt32LE(18) * file.readInt32LE(22)) < 1e6);
        await decodeBmp(file.subarray(0, length));
      },
    );
    expect((await fc.check(property)).counterexample).toBeNull();
  });
});

describe('createPixelReader', () => {
  const reader = createPixelReader(PixelRecipe.parse({ size: 8, mean: [0, 0, 0], std: [1, 1, 1] }));
  const read = (file: Uint8Array) => reader.read(file, new Float32Array(reader.slotLength));

  it('reads a BMP file in the right colours', async () => {
    const slot = new Float32Array(reader.slotLength);
    const file = bmpOf(rawImage(11, 9, () => colours.yellow));
    expect(expectOk(await reader.read(file, slot))).toEqual({ width: 11, height: 9 });
    const found = [0, 64, 128].map((place) => Math.round((slot[place] ?? 0) * 255));
    expect(found).toEqual(colours.yellow);
  });

  it('refuses BMP files that are cut off or larger than they can be', async () => {
    const cut = bmpOf(noise(30, 30)).subarray(0, 900);
    expect(expectFailure(await read(cut)).code).toBe('image_corrupt');
    const pixels = new Uint8Array(4);
    const huge = bmpFile({ width: 60_000, height: -60_000, bits: 8, compression: 1, pixels });
    expect(expectFailure(await read(huge)).code).toBe('image_too_large');
  });
});
