import sharp, { type Metadata } from 'sharp';
import { describe, expect, it } from 'vitest';
import { bmpOf } from '../test/support/bmp.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  colours,
  encodeImage,
  fileFormats,
  jpegWithOrientation,
  noise,
  plain,
  pngOf,
  quarters,
  type Rgb,
  sharpOf,
  truncated,
} from '../test/support/images.ts';
import { PixelRecipe } from './model-directory.ts';
import { createPictureReader } from './picture-reader.ts';
import { createPixelReader } from './pixels.ts';

const reader = createPictureReader();
const jpeg = await encodeImage(plain(colours.green), 'jpeg');

describe('thumbnail', () => {
  interface Seen {
    readonly width: number;
    readonly height: number;
    readonly metadata: Metadata;
    at(x: number, y: number): readonly number[];
  }

  async function thumbnailOf(file: Uint8Array): Promise<Seen> {
    const thumbnail = expectOk(await reader.thumbnail(file));
    const metadata = await sharp(thumbnail).metadata();
    expect(metadata.format).toBe('webp');
    const { data, info } = await sharp(thumbnail).raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const at = (x: number, y: number): number[] => {
      const place = (Math.floor(y * height) * width + Math.floor(x * width)) * channels;
      return [...data.subarray(place, place + channels)];
    };
    return { width, height, metadata, at };
  }

  function expectNear(found: readonly number[], expected: readonly number[], tolerance = 14): void {
    const distance = Math.max(
      ...expected.map((value, place) => Math.abs(value - (found[place] ?? -99))),
    );
    expect(distance, `${found} is not near ${expected}`).toBeLessThanOrEqual(tolerance);
  }

  function expectQuarters({ at }: Seen): void {
    const { red, green, blue, yellow } = colours;
    expectNear(at(0.25, 0.25), red);
    expectNear(at(0.75, 0.25), green);
    expectNear(at(0.25, 0.75), blue);
    expectNear(at(0.75, 0.75), yellow);
  }

  it.each(fileFormats)('shows a %s file, at most 512 pixels wide and high', async (format) => {
    const seen = await thumbnailOf(await encodeImage(quarters(1200, 800), format));
    expect([seen.width, seen.height]).toEqual([512, 341]);
    expectQuarters(seen);
    const high = await thumbnailOf(await encodeImage(quarters(300, 1000), format));
    expect([high.width, high.height]).toEqual([154, 512]);
    expectQuarters(high);
  });

  it('shows a BMP file', async () => {
    const seen = await thumbnailOf(bmpOf(quarters(600, 1200)));
    expect([seen.width, seen.height]).toEqual([256, 512]);
    expectQuarters(seen);
  });

  it('never enlarges', async () => {
    const seen = await thumbnailOf(await encodeImage(quarters(100, 60), 'png'));
    expect([seen.width, seen.height]).toEqual([100, 60]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is upright for EXIF orientation %i', async (orientation) => {
    const seen = await thumbnailOf(await jpegWithOrientation(quarters(1200, 800), orientation));
    expect([seen.width, seen.height]).toEqual([512, 341]);
    expect(seen.metadata.orientation).toBeUndefined();
    expectQuarters(seen);
  });

  it('has none of the metadata of the picture', async () => {
    const file = await sharpOf(quarters(600, 400))
      .withExif({ IFD0: { Artist: 'somebody' }, IFD3: { GPSLatitudeRef: 'N' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
      .withIccProfile('p3')
      .jpeg()
      .toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ hasProfile: true });
    const { metadata } = await thumbnailOf(file);
    const { exif, xmp, icc, iptc, orientation } = metadata;
    expect([exif, xmp, icc, iptc, orientation].filter((one) => one !== undefined)).toEqual([]);
  });

  it('is sRGB, whatever the picture is', async () => {
    const red: Rgb = [200, 60, 60];
    const picture = sharpOf(plain(red, 600, 400));
    const files = [
      await picture.clone().withIccProfile('p3').jpeg({ quality: 95 }).toBuffer(),
      await picture.clone().toColourspace('rgb16').png().toBuffer(),
      await picture.clone().toColourspace('rgb16').withIccProfile('p3').png().toBuffer(),
    ];
    for (const file of files) expectNear((await thumbnailOf(file)).at(0.5, 0.5), red, 6);
    const cmyk = await picture.clone().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    expectNear((await thumbnailOf(cmyk)).at(0.5, 0.5), red, 35);
    const grey = await sharpOf(plain([90, 90, 90]))
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expectNear((await thumbnailOf(grey)).at(0.5, 0.5), [90, 90, 90], 4);
  });

  it('keeps transparency', async () => {
    for (const space of ['srgb', 'rgb16']) {
      const background = { r: 200, g: 0, b: 0, alpha: 0.5 };
      const half = sharp({ create: { width: 600, height: 30, channels: 4, background } });
      const file = await half.toColourspace(space).png().toBuffer();
      expectNear((await thumbnailOf(file)).at(0.5, 0.5), [200, 0, 0, 128], 6);
    }
    expect((await thumbnailOf(jpeg)).metadata.hasAlpha).toBe(false);
  });

  it('shows the first picture of an animation, and does not move', async () => {
    const frames = [colours.red, colours.blue].map((colour) => pngOf(colour, 40, 40));
    for (const format of ['gif', 'webp'] as const) {
      const file = await sharp(await Promise.all(frames), { join: { animated: true } })
        .toFormat(format)
        .toBuffer();
      const seen = await thumbnailOf(file);
      expect(seen.metadata.pages ?? 1).toBe(1);
      expect(seen.height).toBe(40);
      expectNear(seen.at(0.5, 0.5), colours.red);
    }
  });

  it.each([
    [1, 65_000, 1, 512],
    [65_000, 1, 512, 1],
    [1, 1, 1, 1],
    [3, 5000, 1, 512],
  ])('of %i x %i pixels has %i x %i', async (width, height, across, down) => {
    const file = await pngOf(colours.green, width, height);
    const seen = await thumbnailOf(file);
    expect([seen.width, seen.height]).toEqual([across, down]);
    expectNear(seen.at(0.5, 0.5), colours.green);
  });

  it('fails as encoding does', async () => {
    const codeOf = async (file: Uint8Array) => expectFailure(await reader.thumbnail(file)).code;
    expect(await codeOf(Buffer.alloc(0))).toBe('image_empty');
    expect(await codeOf(Buffer.from('<html>'))).toBe('not_an_image');
    for (const format of ['jpeg', 'png', 'webp', 'gif'] as const) {
      const file = await encodeImage(noise(300, 200), format);
      expect(await codeOf(truncated(file))).toBe('image_corrupt');
      expect(await codeOf(file.subarray(0, 20))).toBe('image_corrupt');
    }
    expect(await codeOf(bmpOf(quarters()).subarray(0, -5))).toBe('image_corrupt');
    const create = { width: 10_001, height: 10_000, channels: 3, background: '#fff' } as const;
    const large = await sharp({ create }).png().toBuffer();
    expect(await codeOf(large)).toBe('image_too_large');
  });

  it('is there for what an encoder takes: the end of a long picture may be missing', async () => {
    const recipe = PixelRecipe.parse({ size: 64, mean: [0, 0, 0], std: [1, 1, 1] });
    const pixels = createPixelReader(recipe);
    for (const format of ['jpeg', 'png', 'tiff', 'webp'] as const) {
      const file = truncated(await encodeImage(noise(20, 2000), format), 0.97);
      const encoded = await pixels.read(file, new Float32Array(pixels.slotLength));
      expect((await reader.thumbnail(file)).ok).toBe(encoded.ok);
    }
    const cut = truncated(await encodeImage(noise(20, 2000), 'png'), 0.97);
    const { width, height } = await thumbnailOf(cut);
    expect([width, height]).toEqual([5, 512]);
  });

  it('is not begun for somebody who has left', async () => {
    const failed = expectFailure(await reader.thumbnail(jpeg, AbortSignal.abort()));
    expect(failed.code).toBe('cancelled');
  });
});
