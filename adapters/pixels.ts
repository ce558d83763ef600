import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createGate } from './gate.ts';
import type { PixelRecipe } from './model-directory.ts';
import { decodeSquare, readHeader } from './picture-decoder.ts';
import { detectPictureFormat, type PictureFormat } from './picture-format.ts';
import type { PictureSize } from './picture-geometry.ts';

export interface PixelReader {
  /** Length of a slot: 3 x size x size. */
  readonly slotLength: number;
  /**
   * Decodes a picture of any of the seven formats and writes what the image tower reads, channel by
   * channel (RGB), into one slot: EXIF rotation applied, transparency on white, sRGB by the embedded
   * profile, made a square as the recipe says. Gives the whole picture's size, after rotation.
   * Fails with `image_empty`, `not_an_image`, `image_corrupt`, `image_too_large`, and by the signal.
   *
   * @param slot `slotLength` long; left as it is on failure.
   */
  read(bytes: Uint8Array, slot: Float32Array, signal?: AbortSignal): Async<PictureSize>;
}

/** Decoding is all arithmetic: more pictures than cores are no faster, and slow down queries. */
const picturesAtATime = Math.min(Math.max(availableParallelism(), 2), 8);

/**
 * Sets sharp, for the whole process, to one thread a picture and no cache: several pictures at once
 * keep the cores as busy as several threads on one would, without their memory, which glibc's
 * allocator does not give back; and no picture is decoded twice.
 */
export function createPixelReader(recipe: PixelRecipe): PixelReader {
  sharp.concurrency(1);
  sharp.cache(false);
  // One of the largest at a time, or one of the usual size a core: pixels in flight bound the memory.
  const gate = createGate({ capacity: imageLimits.pixels });
  const leastWeight = imageLimits.pixels / picturesAtATime;
  const writeTensor = createTensorWriter(recipe);

  return {
    slotLength: 3 * recipe.size * recipe.size,
    async read(bytes, slot, signal) {
      const format = checkBytes(bytes);
      if (!format.ok) return format;
      const header = await readHeader(bytes, format.value);
      if (!header.ok) return header;
      const { size } = header.value;
      const square = await gate.run(
        Math.max(size.width * size.height, leastWeight),
        () => decodeSquare(bytes, header.value, recipe),
        signal,
      );
      if (!square.ok) return square;
      writeTensor(square.value, slot);
      return ok(size);
    },
  };
}

function checkBytes(bytes: Uint8Array): Result<PictureFormat, Failure> {
  if (bytes.length === 0) {
    return err(failure('image_empty', 'Cannot read the picture as the file is empty: 0 bytes'));
  }
  if (bytes.length > imageLimits.bytes) {
    const detail = `Cannot read the picture as the file has more than ${imageLimits.bytes} bytes: ${bytes.length}`;
    return err(failure('image_too_large', detail));
  }
  const format = detectPictureFormat(bytes);
  if (format) return ok(format);
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  const detail = `Cannot read the picture as it is none of JPEG, PNG, WebP, BMP, TIFF, GIF and AVIF, but begins with the bytes: ${start}`;
  return err(failure('not_an_image', detail));
}

type TensorWriter = (rgb: Uint8Array, slot: Float32Array) => void;

/** From bytes, pixel by pixel, to (value / 255 - mean) / std, channel by channel. */
function createTensorWriter({ size, mean, std }: PixelRecipe): TensorWriter {
  const plane = size * size;
  const tables = mean.map((centre, channel) =>
    Float32Array.from({ length: 256 }, (_, value) => (value / 255 - centre) / (std[channel] ?? 1)),
  );
  return (rgb, slot) => {
    for (const [channel, table] of tables.entries()) {
      for (let pixel = 0; pixel < plane; pixel += 1) {
        slot[channel * plane + pixel] = table[rgb[pixel * 3 + channel] ?? 0] ?? 0;
      }
    }
  };
}
