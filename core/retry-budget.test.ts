import { describe, expect, it } from 'vitest';
import { createRetryBudget } from './retry-budget.ts';

function takeAll(budget: { take(): boolean }): number {
  let taken = 0;
  while (budget.take()) taken += 1;
  return taken;
}

describe('a budget of second attempts', () => {
  it('begins with what may be saved up', () => {
    expect(takeAll(createRetryBudget({ burst: 7 }))).toBe(7);
  });

  it('allows a share of the requests in the long run, and no more', () => {
    const budget = createRetryBudget({ share: 0.1, burst: 5 });
    takeAll(budget);
    let taken = 0;
    for (let i = 0; i < 1000; i += 1) {
      budget.earn();
      if (budget.take()) taken += 1;
    }
    expect(taken).toBe(100);
  });

  it('saves up no more than the burst', () => {
    const budget = createRetryBudget({ share: 0.5, burst: 3 });
    takeAll(budget);
    for (let i = 0; i < 100; i += 1) budget.earn();
    expect(takeAll(budget)).toBe(3);
  });
});
