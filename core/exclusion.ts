import type { IndexSample } from './index-sample.ts';
import type { Vector } from './model.ts';
import { difference, dot } from './vector-sums.ts';

/** Found by measuring (`npm run evaluate`); see docs/decisions. */
export const excluding = {
  /** So much of the way from any picture to the best one for the excluded text is too much. */
  likeness: 0.6,
  /** Below so many spreads above the mean nothing shows the excluded text, as in an index without it. */
  noise: 2,
  /** How much better a picture answers the query *with* the excluded text, in spreads. */
  gain: 1.25,
  /** The least of such a gain, in spreads of the query's own cosines: less is chance. */
  leastGain: 0.25,
};

/** Whether a picture, by its vector, shows what was excluded. */
export type Exclusion = (picture: Vector) => boolean;

/**
 * A picture shows the excluded text where it is nearly as good an answer to it as the best picture
 * of the index, or where it answers the query better with the text than without. The first finds
 * what is plainly that; the second what is both ("person swimming" in place of "swimming"), and
 * holds however many pictures of the index show it.
 */
export function createExclusion(
  text: {
    readonly vector: Vector;
    readonly within: Vector | undefined;
    /** Of what is searched for. */
    readonly words: Vector | undefined;
    /** The highest cosine of the excluded text with a picture of the index. */
    readonly best: number;
  },
  sample: IndexSample,
): Exclusion {
  const { vector, within, words, best } = text;
  const { mean, spread } = sample.restOf(vector);
  const least = mean + Math.max(excluding.likeness * (best - mean), excluding.noise * spread);
  const gains = within && words ? createGain(difference(within, words), words, sample) : undefined;
  return (picture) => dot(vector, picture) >= least || gains?.(picture) === true;
}

function createGain(more: Vector, words: Vector, sample: IndexSample): Exclusion {
  const { mean, spread } = sample.restOf(more);
  const chance = excluding.leastGain * sample.backgroundOf(words).spread;
  const least = mean + Math.max(excluding.gain * spread, chance);
  return (picture) => dot(more, picture) >= least;
}
