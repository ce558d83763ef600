import type { PixelRecipe } from './model-directory.ts';

/** In pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** How one side of a picture becomes the side of the square. */
export interface AxisPlan {
  /** Pixels after making it smaller: the picture's own where it has too few. */
  readonly shrunk: number;
  /** The first of these that is kept, and how many are. */
  readonly from: number;
  readonly count: number;
  /** Where these are fewer than the square has: how far apart its pixels lie, and where it begins. */
  readonly enlarge?: { readonly step: number; readonly start: number };
}

export interface SquarePlan {
  readonly across: AxisPlan;
  readonly down: AxisPlan;
}

/** How many pixels on either side a kernel reads beyond the place that it stands at. */
const reach = 2;

/**
 * Of a picture longer than this many short sides a crop shows the middle alone, and only the middle
 * is resized: all of 1 x 65,000 pixels would become gigabytes on its way to the crop.
 */
const maxAspect = 16;

/** The part that is resized, in the very middle, where it is not all of the picture. */
export function planCut(
  { width, height }: PictureSize,
  fit: PixelRecipe['fit'],
): (PictureSize & { readonly left: number; readonly top: number }) | undefined {
  const longest = Math.min(width, height) * maxAspect;
  if (fit !== 'crop' || Math.max(width, height) <= longest) return undefined;
  // As much on either side: half a pixel is a lot of a picture that is enlarged.
  const left = Math.max(Math.ceil((width - longest) / 2), 0);
  const top = Math.max(Math.ceil((height - longest) / 2), 0);
  return { left, top, width: width - 2 * left, height: height - 2 * top };
}

/**
 * To the pixel what the reference preprocessing does: the longer side is cut down to whole pixels
 * first, and a half in the place of the crop goes to the even number.
 */
export function planSquare(
  { width, height }: PictureSize,
  { size: side, fit }: Pick<PixelRecipe, 'size' | 'fit'>,
): SquarePlan {
  const wide = fit === 'crop' && width > height ? Math.floor((side * width) / height) : side;
  const high = fit === 'crop' && height > width ? Math.floor((side * height) / width) : side;
  return { across: planAxis(width, wide, side), down: planAxis(height, high, side) };
}

/** @param whole Pixels that all of the axis would become. */
function planAxis(length: number, whole: number, side: number): AxisPlan {
  const left = roundHalfToEven((whole - side) / 2);
  if (length >= whole) return { shrunk: whole, from: left, count: side };
  // Only what the square shows is enlarged.
  const step = length / whole;
  const from = Math.max(Math.floor(left * step) - reach, 0);
  const to = Math.min(Math.ceil((left + side) * step) + reach, length);
  const start = left * step - from;
  return { shrunk: length, from, count: to - from, enlarge: { step, start } };
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

/** What a plan keeps of the picture made smaller: RGB, 3 bytes a pixel. */
export function cropToPlan(rgb: Uint8Array, { across, down }: SquarePlan): Uint8Array {
  if (across.count === across.shrunk && down.count === down.shrunk) return rgb;
  const kept = new Uint8Array(across.count * down.count * 3);
  for (let y = 0; y < down.count; y += 1) {
    const from = ((down.from + y) * across.shrunk + across.from) * 3;
    kept.set(rgb.subarray(from, from + across.count * 3), y * across.count * 3);
  }
  return kept;
}
