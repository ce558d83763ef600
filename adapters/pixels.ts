import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { decodeInTurn, settleSharp } from './decoding-gate.ts';
import type { PixelRecipe } from './model-directory.ts';
import { checkPicture } from './picture-check.ts';
import { decodeSquare, readHeader } from './picture-decoder.ts';
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

/** Settles sharp for the whole process: see `settleSharp`. */
export function createPixelReader(recipe: PixelRecipe): PixelReader {
  settleSharp();
  const writeTensor = createTensorWriter(recipe);

  return {
    slotLength: 3 * recipe.size * recipe.size,
    async read(bytes, slot, signal) {
      const format = checkPicture(bytes);
      if (!format.ok) return format;
      const header = await readHeader(bytes, format.value);
      if (!header.ok) return header;
      const { size } = header.value;
      const square = await decodeInTurn(
        size,
        () => decodeSquare(bytes, header.value, recipe),
        signal,
      );
      if (!square.ok) return square;
      writeTensor(square.value, slot);
      return ok(size);
    },
  };
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
