import type { Failure } from '../core/failure.ts';
import type { Result } from '../core/result.ts';
import type { PictureSize } from './picture-geometry.ts';
import type { PixelReader } from './pixels.ts';

/** The pictures of one run. */
export interface PictureBatch {
  /** What became of each, in order. */
  readonly sizes: readonly Result<PictureSize, Failure>[];
  /** The slots of the readable ones without gaps, in order; behind them nothing of use. */
  readonly pixels: Float32Array<ArrayBuffer>;
  readonly slotLength: number;
  readonly readable: number;
}

/** @param options.rows Slots to make room for, where a graph wants more than there are pictures. */
export async function readPictures(
  reader: PixelReader,
  images: readonly Uint8Array[],
  options: { readonly rows: number | undefined; readonly signal: AbortSignal | undefined },
): Promise<PictureBatch> {
  const { slotLength } = reader;
  const pixels = new Float32Array((options.rows ?? images.length) * slotLength);
  const slot = (index: number): Float32Array =>
    pixels.subarray(index * slotLength, (index + 1) * slotLength);
  const sizes = await Promise.all(
    images.map((image, index) => reader.read(image, slot(index), options.signal)),
  );
  const readable = [...sizes.keys()].filter((index) => sizes[index]?.ok);
  readable.forEach((from, to) => {
    if (from !== to) slot(to).set(slot(from));
  });
  return { sizes, pixels, slotLength, readable: readable.length };
}
