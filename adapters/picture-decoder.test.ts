import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  decodePicture,
  decodePixels,
  largestDifference,
  meanDifference,
  recipeOf,
  rough,
} from '../test/support/decode-picture.ts';
import {
  colours,
  losslessWithOrientation,
  plain,
  type Rgb,
  sharpOf,
} from '../test/support/images.ts';

describe('decodeSquare', () => {
  it.each(['png', 'tiff', 'webp'] as const)(
    'crops a %s file after turning it upright, in every EXIF orientation',
    async (format) => {
      // Odd sizes: where the crop begins is rounded, on the upright picture.
      for (const [width, height] of [
        [41, 100],
        [203, 70],
        [11, 26],
      ] as const) {
        const upright = rough(width, height);
        for (const fit of ['crop', 'squash'] as const) {
          const recipe = recipeOf(32, { fit });
          const expected = await decodePixels(upright, recipe);
          for (let orientation = 1; orientation <= 8; orientation += 1) {
            const file = await losslessWithOrientation(upright, orientation, format);
            const found = await decodePicture(file, recipe);
            // Turned after it was made smaller: between rough pixels it differs; a row off makes over 20.
            expect(meanDifference(found, expected), `${orientation}`).toBeLessThan(8);
          }
        }
      }
    },
  );

  it.each(['jpeg', 'webp'] as const)(
    'does not blur a large %s file by shrinking it while decoding',
    async (format) => {
      const image = rough(224, 224);
      const options = { quality: 100, lossless: true, chromaSubsampling: '4:4:4' };
      const file = await sharpOf(image).toFormat(format, options).toBuffer();
      const recipe = recipeOf(64);
      const [found, exact] = [await decodePicture(file, recipe), await decodePixels(image, recipe)];
      expect(largestDifference(found, exact)).toBeLessThanOrEqual(4);
    },
  );

  async function colourOf(file: Uint8Array): Promise<number[]> {
    const square = await decodePicture(file, recipeOf(8));
    return [...square.subarray(3 * 27, 3 * 28)];
  }

  it.each(['srgb', 'p3'])(
    'follows an embedded %s profile, with 8 bits and with 16',
    async (profile) => {
      const { red } = colours;
      const shallow = sharpOf(plain(red)).withIccProfile(profile);
      const deep = sharpOf(plain(red)).toColourspace('rgb16').withIccProfile(profile);
      for (const file of [await shallow.jpeg().toBuffer(), await deep.png().toBuffer()]) {
        expect((await sharp(file).metadata()).hasProfile).toBe(true);
        expect(largestDifference(await colourOf(file), red)).toBeLessThanOrEqual(2);
      }
      expect((await sharp(await deep.toBuffer()).metadata()).depth).toBe('ushort');
    },
  );

  it('reads CMYK with and without a profile', async () => {
    const cmyk = sharpOf(plain(colours.red)).toColourspace('cmyk');
    const files = [
      await cmyk.clone().jpeg({ quality: 95 }).toBuffer(),
      await cmyk.clone().withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer(),
      await cmyk.clone().tiff().toBuffer(),
    ];
    for (const file of files) {
      expect((await sharp(file).metadata()).space).toBe('cmyk');
      expect(largestDifference(await colourOf(file), colours.red)).toBeLessThanOrEqual(35);
    }
  });

  it('reads greyscale of 8 and 16 bits alike, with transparency on white', async () => {
    for (const space of ['b-w', 'grey16']) {
      const grey = (): Sharp => sharpOf(plain([90, 90, 90])).toColourspace(space);
      const half = sharpOf(plain([90, 90, 90]))
        .ensureAlpha(0.5)
        .toColourspace(space);
      const bits = space === 'b-w' ? 'uchar' : 'ushort';
      const [solid, clear] = [await grey().png().toBuffer(), await half.png().toBuffer()];
      expect(await sharp(solid).metadata()).toMatchObject({ channels: 1, depth: bits });
      expect(await sharp(clear).metadata()).toMatchObject({ channels: 2, depth: bits });
      expect(largestDifference(await colourOf(solid), [90, 90, 90])).toBeLessThanOrEqual(1);
      expect(largestDifference(await colourOf(clear), [172, 172, 172])).toBeLessThanOrEqual(2);
    }
  });

  it('lays a palette with transparent colours on white', async () => {
    const background = { r: 200, g: 0, b: 0, alpha: 0.25 };
    const file = await sharp({ create: { width: 20, height: 20, channels: 4, background } })
      .png({ palette: true })
      .toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ isPalette: true, hasAlpha: true });
    const expected: Rgb = [241, 191, 191];
    expect(largestDifference(await colourOf(file), expected)).toBeLessThanOrEqual(2);
  });
});
