import { describe, expect, it } from 'vitest';
import { confidenceOf, scoreOf } from './confidence.ts';

describe('confidenceOf', () => {
  it('is a half in the middle and grows with the score', () => {
    const calibration = { slope: 20, middle: 0.3 };
    expect(confidenceOf(calibration, 0.3)).toBe(0.5);
    expect(confidenceOf(calibration, 0.4)).toBeCloseTo(0.8808, 4);
    expect(confidenceOf(calibration, 0.2)).toBeCloseTo(0.1192, 4);
  });

  it('stays between 0 and 1 however steep it is', () => {
    expect(confidenceOf({ slope: 1e6, middle: 0 }, -1)).toBe(0);
    expect(confidenceOf({ slope: 1e6, middle: 0 }, 1)).toBe(1);
  });
});

describe('scoreOf', () => {
  it('is the score of a confidence', () => {
    const calibration = { slope: 20, middle: 0.3 };
    for (const confidence of [0.06, 0.5, 0.9]) {
      expect(confidenceOf(calibration, scoreOf(calibration, confidence))).toBeCloseTo(
        confidence,
        4,
      );
    }
  });
});
