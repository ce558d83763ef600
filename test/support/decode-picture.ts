import { expect } from 'vitest';
import { PixelRecipe } from '../../adapters/model-directory.ts';
import { decodeSquare, readHeader } from '../../adapters/picture-decoder.ts';
import { detectPictureFormat } from '../../adapters/picture-format.ts';
import { expectOk } from './expect-ok.ts';
import { encodeImage, type RawImage, rawImage } from './images.ts';

export function recipeOf(size: number, other: Partial<PixelRecipe> = {}): PixelRecipe {
  return PixelRecipe.parse({ size, mean: [0, 0, 0], std: [1, 1, 1], ...other });
}

/** Decodes a file to a square of RGB bytes. */
export async function decodePicture(file: Uint8Array, recipe: PixelRecipe): Promise<Uint8Array> {
  const format = detectPictureFormat(file);
  if (!format) throw new Error('no known format');
  return expectOk(await decodeSquare(file, expectOk(await readHeader(file, format)), recipe));
}

export async function decodePixels(image: RawImage, recipe: PixelRecipe): Promise<Uint8Array> {
  return decodePicture(await encodeImage(image, 'png'), recipe);
}

function differencesOf(one: ArrayLike<number>, other: ArrayLike<number>): number[] {
  expect(one.length).toBe(other.length);
  return Array.from(one, (value, at) => Math.abs(value - (other[at] ?? Infinity)));
}

export function largestDifference(one: ArrayLike<number>, other: ArrayLike<number>): number {
  return Math.max(...differencesOf(one, other));
}

export function meanDifference(one: ArrayLike<number>, other: ArrayLike<number>): number {
  return differencesOf(one, other).reduce((sum, each) => sum + each, 0) / one.length;
}

/** Rough pixels by a formula, so that a shift by a fraction of one is seen. */
export function rough(width: number, height: number): RawImage {
  return rawImage(width, height, (x, y) => {
    const red = (x * 37 + y * 59 + x * y * 11) % 256;
    return [red, (red * 3 + 40) % 256, 255 - red];
  });
}
