import sharp, { type Sharp } from 'sharp';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import { err, ok } from '../core/result.ts';
import { decodeBmp } from './bmp.ts';
import { readBmpHeader } from './bmp-header.ts';
import type { PixelRecipe } from './model-directory.ts';
import { enlarge } from './picture-enlargement.ts';
import type { PictureFormat } from './picture-format.ts';
import { cropToPlan, type PictureSize, planCut, planSquare } from './picture-geometry.ts';

export type { PictureSize } from './picture-geometry.ts';

/** What of a model's recipe tells the square it sees. */
export type SquareRecipe = Pick<PixelRecipe, 'size' | 'fit' | 'kernel'>;

export interface PictureHeader {
  /** The whole picture's, after EXIF rotation. */
  readonly size: PictureSize;
  readonly format: PictureFormat;
  /** Whether it has 16 bits a channel, in colour. */
  readonly deep: boolean;
}

/** What the JPEG decoder warns of in sound pictures of common cameras. */
const harmless = /Invalid SOS parameters|extraneous bytes before marker/;

/** From the first bytes alone. Fails with `image_corrupt` and `image_too_large`. */
export async function readHeader(bytes: Uint8Array, format: PictureFormat): Async<PictureHeader> {
  const header = format === 'BMP' ? readBmp(bytes) : await readFileHeader(bytes, format);
  if (!header.ok) return header;
  const { width, height } = header.value.size;
  if (width * height <= imageLimits.pixels) return header;
  const detail = `Cannot read the picture as it has more than ${imageLimits.pixels} pixels: ${width} x ${height}`;
  return err(failure('image_too_large', detail));
}

function readBmp(bytes: Uint8Array): Awaited<Async<PictureHeader>> {
  const header = readBmpHeader(bytes);
  if (!header.ok) return err(corrupt('BMP', header.error));
  const { width, height } = header.value;
  return ok({ size: { width, height }, format: 'BMP', deep: false });
}

async function readFileHeader(bytes: Uint8Array, format: PictureFormat): Async<PictureHeader> {
  try {
    const { autoOrient, space } = await sharp(bytes, { limitInputPixels: false }).metadata();
    const { width, height } = autoOrient;
    return ok({ size: { width, height }, format, deep: space === 'rgb16' });
  } catch (cause) {
    return err(corrupt(format, 'its header is damaged or cut off', cause));
  }
}

/**
 * The square that a recipe asks for: RGB, 3 bytes a pixel. Fails with `image_corrupt`.
 *
 * @param header What `readHeader` gave.
 */
export async function decodeSquare(
  bytes: Uint8Array,
  header: PictureHeader,
  recipe: SquareRecipe,
): Async<Uint8Array> {
  return decodePicture(bytes, header, (picture) => toSquare(picture, header, recipe));
}

/**
 * What `use` makes of the picture, as it lies in the file: not turned yet. Fails with
 * `image_corrupt` where `use` throws. It may be called twice.
 *
 * @param header What `readHeader` gave.
 */
export async function decodePicture<T>(
  bytes: Uint8Array,
  header: PictureHeader,
  use: (picture: Sharp) => Promise<T>,
): Async<T> {
  const { format } = header;
  try {
    if (format !== 'BMP') return ok(await decodeFile(bytes, use));
    const raw = await decodeBmp(bytes);
    if (!raw.ok) return err(corrupt(format, raw.error));
    const { data, ...shape } = raw.value;
    return ok(await use(sharp(data, { raw: shape })));
  } catch (cause) {
    return err(corrupt(format, 'its data is damaged or cut off', cause));
  }
}

async function decodeFile<T>(bytes: Uint8Array, use: (picture: Sharp) => Promise<T>): Promise<T> {
  const open = (failOn: 'warning' | 'error'): Sharp =>
    sharp(bytes, { failOn, limitInputPixels: imageLimits.pixels });
  try {
    return await use(open('warning'));
  } catch (cause) {
    if (!(cause instanceof Error && harmless.test(cause.message))) throw cause;
    return await use(open('error'));
  }
}

/** To 8 bits before anything else: deep colours with a profile would come out paler, as P3. */
export function makeShallow(picture: Sharp, { deep }: Pick<PictureHeader, 'deep'>): Sharp {
  return deep ? picture.pipelineColourspace('srgb') : picture;
}

async function toSquare(
  picture: Sharp,
  header: PictureHeader,
  recipe: SquareRecipe,
): Promise<Uint8Array> {
  const { size } = header;
  const { fit, kernel } = recipe;
  const cut = planCut(size, fit);
  const plan = planSquare(cut ?? size, recipe);
  const upright = makeShallow(picture, header).autoOrient();
  const rgb = await (cut ? upright.extract(cut) : upright)
    .flatten({ background: '#ffffff' })
    // Shrinking to the last factor of two while a JPEG is decoded blurs what the model would see.
    .resize(plan.across.shrunk, plan.down.shrunk, { fit: 'fill', kernel, fastShrinkOnLoad: false })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer();
  // Were the library to cut the square out, it would turn a picture before making it smaller.
  return enlarge(cropToPlan(rgb, plan), plan, recipe);
}

function corrupt(format: PictureFormat, what: string, cause?: unknown): Failure {
  const detail = `Cannot read the picture as ${what}: ${format}`;
  return failure('image_corrupt', detail, cause === undefined ? {} : { cause });
}
