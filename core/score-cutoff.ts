import { scoreOf } from './confidence.ts';
import type { IndexSample } from './index-sample.ts';
import type { Vector } from './model.ts';
import type { Calibration } from './ports.ts';

/** Found by measuring (`npm run evaluate`); see docs/decisions. */
export const cutting = {
  /** So much of the way from any picture to the best match a match must have come. */
  nearness: 0.5,
  /** A best match stands out where it is so many times as far out as the farthest chance match. */
  standingOut: 2.1,
  /** Fewer pictures tell nothing of chance. */
  fewest: 64,
  /** Where the model is calibrated, that tells what stands out: the way, and the least confidence. */
  calibrated: { nearness: 0.55, confidence: 0.06 },
};

/** The cosines below which matches don't belong. */
export interface Cutoff {
  /** Of the score. */
  readonly score: number;
  /** Of the cosine with the words, for a calibrated model. */
  readonly words: number;
}

/**
 * From this query's own scores: those of any pictures, and the best. A clear best match takes along
 * what is near it; one that is no better than chance has it among so many pictures stands alone. What
 * stands out is read from the calibration where words alone are searched for and the model has one.
 *
 * @param best The highest score.
 */
export function cutoffOf(
  question: { readonly vector: Vector; readonly best: number },
  sample: IndexSample,
  calibration: Calibration | undefined,
): Cutoff {
  const { vector, best } = question;
  const { mean, spread, lowest } = sample.restOf(vector);
  const nearness = calibration ? cutting.calibrated.nearness : cutting.nearness;
  const words = calibration
    ? scoreOf(calibration, cutting.calibrated.confidence)
    : Number.NEGATIVE_INFINITY;
  if (sample.size < cutting.fewest) return { score: lowest + nearness * (best - lowest), words };
  if (calibration) return { score: mean + nearness * (best - mean), words };
  const far = (best - mean) / spread;
  const chance = cutting.standingOut * farthestByChance(sample.pictures) - far;
  return { score: mean + spread * Math.min(far, Math.max(nearness * far, chance)), words };
}

/** The highest of so many normally distributed values, in standard deviations, as a rule. */
function farthestByChance(count: number): number {
  const root = Math.sqrt(2 * Math.log(count));
  return root - (Math.log(Math.log(count)) + Math.log(4 * Math.PI)) / (2 * root);
}
