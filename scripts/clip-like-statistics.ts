import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const Numbers = z.array(z.number()).readonly();

const Side = z.object({
  /** By coordinate. */
  mean: Numbers,
  /** By coordinate, about the mean. */
  variance: Numbers,
  /** Variances along the principal directions, falling. */
  spectrum: Numbers,
});

/** What is known of a CLIP model's vectors; `clip-statistics.ts` writes it. */
export const ClipStatistics = z.object({
  /** What it was taken from. */
  source: z.string(),
  image: Side,
  text: Side,
  clusters: z.object({
    /** Into how many parts the images are divided, and these again. */
    branches: Numbers,
    /** Principal directions that share a number of `within`. */
    bandWidth: z.int(),
    /** Share of the variance that is left within the clusters: by level, by band. */
    within: z.array(Numbers).readonly(),
  }),
});
export type ClipStatistics = Readonly<z.infer<typeof ClipStatistics>>;

/** Those of CLIP ViT-B/32, which come with the project. */
export function readClipStatistics(): ClipStatistics {
  const file = join(import.meta.dirname, 'clip-like.json');
  return ClipStatistics.parse(JSON.parse(readFileSync(file, 'utf8')));
}
