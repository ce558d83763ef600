import { describe, expect, it } from 'vitest';
import { createZipf, queryOf } from './cdn-load.ts';

describe('the queries of many people', () => {
  it('are each another one', () => {
    const queries = Array.from({ length: 2000 }, (_, place) => queryOf(place));
    expect(new Set(queries).size).toBe(2000);
    expect(queries[0]).toBe('red dog in the snow');
  });

  it('are asked the less the less popular they are', () => {
    const zipf = createZipf(100);
    const asked = Array.from({ length: 100 }, () => 0);
    const draws = 100_000;
    for (let draw = 0; draw < draws; draw += 1) {
      const place = zipf(draw / draws);
      asked[place] = (asked[place] ?? 0) + 1;
    }
    const [first = 0, second = 0] = asked;
    expect(first / second).toBeCloseTo(2, 1);
    expect(first / (asked[9] ?? 1)).toBeCloseTo(10, 0);
    expect(asked.every((count) => count > 0)).toBe(true);
  });
});
