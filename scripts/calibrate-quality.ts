import { confidenceOf } from '../core/confidence.ts';
import type { Calibration } from '../core/ports.ts';
import type { LabelledScore } from './calibrate-fit.ts';

/** Results whose confidence lies between two bounds. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly results: number;
  /** What was said, in the mean. */
  readonly confidence: number;
  /** What was so. */
  readonly right: number;
}

export interface CalibrationQuality {
  readonly results: number;
  readonly right: number;
  /** Mean distance of what was said from what was so, over the bins, by results: 0 is best. */
  readonly expected_calibration_error: number;
  readonly bins: readonly ReliabilityBin[];
}

const bins = 10;

/** Says confidences of results that it was not fitted to, and holds them against what is right. */
export function measureCalibration(
  calibration: Calibration,
  samples: readonly LabelledScore[],
): CalibrationQuality {
  const parts = Array.from({ length: bins }, () => ({ results: 0, said: 0, right: 0 }));
  for (const { score, right } of samples) {
    const said = confidenceOf(calibration, score);
    const part = parts[Math.min(Math.floor(said * bins), bins - 1)];
    if (part === undefined) throw new Error(`A confidence must be from 0 to 1: ${said}`);
    part.results += 1;
    part.said += said;
    part.right += right ? 1 : 0;
  }
  const error = parts.reduce((sum, part) => sum + Math.abs(part.said - part.right), 0);
  return {
    results: samples.length,
    right: samples.filter(({ right }) => right).length / Math.max(samples.length, 1),
    expected_calibration_error: error / Math.max(samples.length, 1),
    bins: parts.map(({ results, said, right }, place) => ({
      from: place / bins,
      to: (place + 1) / bins,
      results,
      confidence: said / Math.max(results, 1),
      right: right / Math.max(results, 1),
    })),
  };
}
