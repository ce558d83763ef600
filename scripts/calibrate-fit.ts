import type { Calibration } from '../core/ports.ts';

/** One result of a labelled query. */
export interface LabelledScore {
  /** Cosine of text and picture. */
  readonly score: number;
  readonly right: boolean;
}

const steps = 100;
/** Smaller steps than this change no digit that is kept. */
const smallest = 1e-10;

/**
 * Logistic regression of right on score, by Newton's method: the slope and middle that make what was
 * seen most likely. A weak pull towards no slope keeps it finite where scores part right from wrong
 * without exception.
 *
 * @returns `undefined` where all are right or all wrong, or where higher scores are right less often.
 */
export function fitCalibration(samples: readonly LabelledScore[]): Calibration | undefined {
  const rights = samples.filter(({ right }) => right).length;
  if (rights === 0 || rights === samples.length) return undefined;
  let slope = 0;
  let offset = Math.log(rights / (samples.length - rights));
  for (let step = 0; step < steps; step++) {
    const { gradient, curvature } = derivativesAt(samples, slope, offset);
    const [a, b, c] = curvature;
    const determinant = a * c - b * b;
    const [bySlope, byOffset] = gradient;
    const slopeStep = (c * bySlope - b * byOffset) / determinant;
    const offsetStep = (a * byOffset - b * bySlope) / determinant;
    slope += slopeStep;
    offset += offsetStep;
    if (Math.abs(slopeStep) + Math.abs(offsetStep) < smallest) break;
  }
  if (!(slope > 0)) return undefined;
  return { slope: round(slope, 3), middle: round(-offset / slope, 4) };
}

/** Variance, in squared units of slope, of where slopes are expected: hardly any expectation. */
const slopeVariance = 1e4;

/** Of the log likelihood: by slope and by offset; and by both twice, with the sign turned. */
function derivativesAt(samples: readonly LabelledScore[], slope: number, offset: number) {
  let [bySlope, byOffset] = [-slope / slopeVariance, 0];
  let [a, b, c] = [1 / slopeVariance, 0, 0];
  for (const { score, right } of samples) {
    const likely = 1 / (1 + Math.exp(-(slope * score + offset)));
    const missing = (right ? 1 : 0) - likely;
    const weight = likely * (1 - likely);
    bySlope += missing * score;
    byOffset += missing;
    a += weight * score * score;
    b += weight * score;
    c += weight;
  }
  return { gradient: [bySlope, byOffset] as const, curvature: [a, b, c] as const };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
