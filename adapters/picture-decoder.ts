import sharp, { type Sharp } from 'sharp';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import { err, ok } from '../core/result.ts';
import { decodeBmp } from './bmp.ts';
import { readBmpHeader } from './bmp-header.ts';
import type { PictureFormat } from './picture-format.ts';

/** The whole picture's size in pixels, after EXIF rotation. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Of a picture longer than this many short sides only the middle is resized: all of one of
 * 1 x 65,000 pixels would become gigabytes on its way to a crop that shows a single one.
 */
const maxAspect = 16;

/** What the JPEG decoder warns of in sound pictures of common cameras. */
const harmless = /Invalid SOS parameters|extraneous bytes before marker/;

/** From the header alone. Fails with `image_corrupt` and `image_too_large`. */
export async function readSize(bytes: Uint8Array, format: PictureFormat): Async<PictureSize> {
  const size = format === 'BMP' ? readBmpSize(bytes) : await readFileSize(bytes, format);
  if (!size.ok || size.value.width * size.value.height <= imageLimits.pixels) return size;
  const { width, height } = size.value;
  const detail = `Cannot read the picture as it has more than ${imageLimits.pixels} pixels: ${width} x ${height}`;
  return err(failure('image_too_large', detail));
}

function readBmpSize(bytes: Uint8Array): Awaited<Async<PictureSize>> {
  const header = readBmpHeader(bytes);
  if (!header.ok) return err(corrupt('BMP', header.error));
  return ok({ width: header.value.width, height: header.value.height });
}

async function readFileSize(bytes: Uint8Array, format: PictureFormat): Async<PictureSize> {
  try {
    const { autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata();
    return ok({ width: autoOrient.width, height: autoOrient.height });
  } catch (cause) {
    return err(corrupt(format, 'its header is damaged or cut off', cause));
  }
}

/**
 * The centre square, resized to `side`: RGB, 3 bytes a pixel. Fails with `image_corrupt`.
 *
 * @param size What `readSize` gave.
 */
export async function decodeSquare(
  bytes: Uint8Array,
  format: PictureFormat,
  size: PictureSize,
  side: number,
): Async<Uint8Array> {
  try {
    if (format !== 'BMP') return ok(await decodeFile(bytes, size, side));
    const raw = await decodeBmp(bytes);
    if (!raw.ok) return err(corrupt(format, raw.error));
    const { data, ...shape } = raw.value;
    return ok(await toSquare(sharp(data, { raw: shape }), size, side));
  } catch (cause) {
    return err(corrupt(format, 'its data is damaged or cut off', cause));
  }
}

async function decodeFile(bytes: Uint8Array, size: PictureSize, side: number): Promise<Buffer> {
  const open = (failOn: 'warning' | 'error'): Sharp =>
    sharp(bytes, { failOn, limitInputPixels: imageLimits.pixels });
  try {
    return await toSquare(open('warning'), size, side);
  } catch (cause) {
    if (!(cause instanceof Error && harmless.test(cause.message))) throw cause;
    return await toSquare(open('error'), size, side);
  }
}

function toSquare(picture: Sharp, size: PictureSize, side: number): Promise<Buffer> {
  const longest = Math.min(size.width, size.height) * maxAspect;
  const width = Math.min(size.width, longest);
  const height = Math.min(size.height, longest);
  const left = Math.floor((size.width - width) / 2);
  const top = Math.floor((size.height - height) / 2);
  const whole = width === size.width && height === size.height;
  const upright = picture.autoOrient();
  return (whole ? upright : upright.extract({ left, top, width, height }))
    .flatten({ background: '#ffffff' })
    .resize(side, side, { fit: 'cover', position: 'centre', kernel: 'cubic' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer();
}

function corrupt(format: PictureFormat, what: string, cause?: unknown): Failure {
  const detail = `Cannot read the picture as ${what}: ${format}`;
  return failure('image_corrupt', detail, cause === undefined ? {} : { cause });
}
