import type { PixelRecipe } from './model-directory.ts';
import type { AxisPlan, SquarePlan } from './picture-geometry.ts';

type Kernel = PixelRecipe['kernel'];

/** Weight by the distance in pixels, and where it ends. */
const kernels: Record<Kernel, { readonly reach: number; weight(distance: number): number }> = {
  linear: { reach: 1, weight: (distance) => Math.max(1 - distance, 0) },
  // Keys' cubic with a = -0.5.
  cubic: {
    reach: 2,
    weight: (distance) => {
      if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1;
      return distance < 2 ? ((-0.5 * distance + 2.5) * distance - 4) * distance + 2 : 0;
    },
  },
};

/**
 * Enlarges what a plan kept of a picture with too few pixels for the square: RGB, 3 bytes a pixel.
 * The image library's own enlargement moves a picture by up to half a pixel, which small ones show.
 *
 * @param rgb `across.count` x `down.count` pixels; where an axis is not to be enlarged, it stays.
 */
export function enlarge(
  rgb: Uint8Array,
  { across, down }: SquarePlan,
  recipe: Pick<PixelRecipe, 'size' | 'kernel'>,
): Uint8Array {
  const { size, kernel } = recipe;
  const wide = stretch(rgb, across, { lines: down.count, bytes: 3 }, size, kernel);
  return stretch(wide, down, { lines: 1, bytes: 3 * size }, size, kernel);
}

/** Along one axis: of every line `axis.count` steps of so many bytes become `side` steps. */
function stretch(
  source: Uint8Array,
  { count, enlarge: enlargement }: AxisPlan,
  { lines, bytes }: { readonly lines: number; readonly bytes: number },
  side: number,
  kernel: Kernel,
): Uint8Array {
  if (!enlargement) return source;
  const { step, start } = enlargement;
  // Rounds to the nearest, and cuts off what a cubic kernel makes of sharp edges.
  const target = new Uint8ClampedArray(lines * side * bytes);
  for (let to = 0; to < side; to += 1) {
    const { first, weights } = weigh(start + (to + 0.5) * step, count, kernel);
    for (let line = 0; line < lines; line += 1) {
      const from = (line * count + first) * bytes;
      const at = (line * side + to) * bytes;
      for (let byte = 0; byte < bytes; byte += 1) {
        let sum = 0;
        for (let tap = 0; tap < weights.length; tap += 1) {
          sum += (source[from + tap * bytes + byte] ?? 0) * (weights[tap] ?? 0);
        }
        target[at + byte] = sum;
      }
    }
  }
  return new Uint8Array(target.buffer);
}

/** The steps round a place; what lies beyond the picture's edge does not count. */
function weigh(
  centre: number,
  count: number,
  kernel: Kernel,
): { readonly first: number; readonly weights: readonly number[] } {
  const { reach, weight } = kernels[kernel];
  const first = Math.max(Math.floor(centre - reach + 0.5), 0);
  const end = Math.min(Math.floor(centre + reach + 0.5), count);
  const raw = Array.from({ length: end - first }, (_, tap) =>
    weight(Math.abs(first + tap + 0.5 - centre)),
  );
  const total = raw.reduce((sum, one) => sum + one, 0);
  return { first, weights: raw.map((one) => one / total) };
}
