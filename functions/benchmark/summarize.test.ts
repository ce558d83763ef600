import { describe, expect, it } from 'vitest';
import type { Measured } from './measure.ts';
import { judge, summarizeNumbers, summarizePhase } from './summarize.ts';

function measured(clientMs: readonly number[], failures: Readonly<Record<string, number>> = {}) {
  const all: Measured = {
    samples: clientMs.map((client) => ({ client })),
    cache: new Map(),
    cdn: new Map(),
    failures: new Map(Object.entries(failures)),
    firstMs: undefined,
    seconds: 2,
    stopped: undefined,
  };
  return all;
}

const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);

describe('the numbers of a set of durations', () => {
  it('are those that a hand computes', () => {
    // Squares of the differences to 5: 9, 1, 1, 1, 0, 0, 4, 16: 32 in all, and seven degrees of freedom.
    expect(summarizeNumbers([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({
      p50: 4,
      p90: 9,
      p95: 9,
      p99: 9,
      min: 2,
      max: 9,
      mean: 5,
      stdev: Math.sqrt(32 / 7),
    });
  });

  it('are of the nearest rank, in whatever order they came', () => {
    expect(summarizeNumbers(upTo(200).toReversed())).toMatchObject({
      p50: 100,
      p90: 180,
      p95: 190,
      p99: 198,
      min: 1,
      max: 200,
    });
  });

  it('do not scatter where there is one', () => {
    expect(summarizeNumbers([3])).toMatchObject({ p50: 3, p99: 3, mean: 3, stdev: 0 });
  });

  it('are none where nothing was answered', () => {
    const summary = summarizePhase(measured([], { unreachable: 3 }));
    expect(summary).toMatchObject({ answers: 0, stages: {}, failures: { unreachable: 3 } });
    expect(summary.requests_per_second).toBe(0);
  });
});

describe('the target', () => {
  it.each([
    ['is met where 95 of 100 are in time', upTo(100), {}, 95, false],
    ['is missed where 94 of 100 are in time', upTo(100), {}, 94, true],
    ['is met at exactly its time', [50], {}, 50, false],
    ['is missed where one in ten has failed', upTo(90), { timeout: 6, internal: 4 }, 1000, true],
    ['is met where one in a hundred has failed', upTo(99), { timeout: 1 }, 1000, false],
    ['is missed where all have failed', [], { unreachable: 1 }, 50, true],
    ['is missed where nobody was asked', [], {}, 50, true],
  ])('%s', (_, clientMs, failures, targetMs, missed) => {
    expect(judge(measured(clientMs, failures), targetMs).missed).toBe(missed);
  });

  it('is missed exactly where the p95 is beyond it, without failures', () => {
    for (const count of [1, 7, 19, 20, 21, 40, 150]) {
      for (const targetMs of upTo(count)) {
        const { p95 } = summarizeNumbers(upTo(count));
        expect(judge(measured(upTo(count)), targetMs).missed).toBe(p95 > targetMs);
      }
    }
  });
});
