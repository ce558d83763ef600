import { assert, constantFrom, double, integer, oneof, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesFilter } from '../core/filter.ts';
import { coverRange, prefixesOf } from './number-ranges.ts';

const numbers = oneof(
  integer({ min: -50, max: 50 }),
  double({ noNaN: true, noDefaultInfinity: true }),
  constantFrom(0, -0, 0.1, 640, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE),
);
const bounds = record(
  { gte: numbers, gt: numbers, lte: numbers, lt: numbers },
  { requiredKeys: [] },
);

describe('A range as prefixes', () => {
  it('covers exactly the numbers within it', () => {
    assert(
      property(numbers, bounds, (value, given) => {
        const { prefixes, numbers: single } = coverRange(given);
        const covered =
          single.includes(value) || prefixesOf(value).some((one) => prefixes.includes(one));
        const within = matchesFilter({ value }, [{ kind: 'range', key: 'value', ...given }]);
        expect(covered).toBe(within);
      }),
      { numRuns: 2_000, seed: 4 },
    );
  });

  it('takes few prefixes for the numbers that pictures have', () => {
    expect(prefixesOf(640).length).toBeLessThanOrEqual(8);
    expect(coverRange({ gte: 640 }).prefixes.length).toBeLessThan(60);
    expect(coverRange({ gt: 0.1, lt: 1e9 / 3 }).prefixes.length).toBeLessThan(500);
  });
});
