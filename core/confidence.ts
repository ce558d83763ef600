import type { Calibration } from './ports.ts';

/** How likely it is, 0 to 1, that a picture with this cosine shows what the text says. */
export function confidenceOf(calibration: Calibration, score: number): number {
  const { slope, middle } = calibration;
  const share = 1 / (1 + Math.exp(-slope * (score - middle)));
  return Math.round(share * 10_000) / 10_000;
}

/** The cosine that has this confidence, between 0 and 1. */
export function scoreOf({ slope, middle }: Calibration, confidence: number): number {
  return middle + Math.log(confidence / (1 - confidence)) / slope;
}
