import { describe, expect, it } from 'vitest';
import { createHedgeDelay } from './hedge-delay.ts';

function observeMany(delay: { observe(ms: number): void }, count: number, ms: number): void {
  for (let i = 0; i < count; i += 1) delay.observe(ms);
}

describe('the delay before a second attempt', () => {
  it('is long while nothing is known', () => {
    const delay = createHedgeDelay({ unknownMs: 1000 });
    expect(delay.delayMs()).toBe(1000);
    observeMany(delay, 19, 50);
    expect(delay.delayMs()).toBe(1000);
    delay.observe(50);
    expect(delay.delayMs()).toBe(150);
  });

  it('is never below the floor', () => {
    const delay = createHedgeDelay({ floorMs: 100 });
    observeMany(delay, 20, 2);
    expect(delay.delayMs()).toBe(100);
  });

  it('follows a service that becomes slower, and faster again', () => {
    const delay = createHedgeDelay({ floorMs: 10, factor: 3 });
    observeMany(delay, 128, 20);
    expect(delay.delayMs()).toBe(60);
    observeMany(delay, 16, 400);
    expect(delay.delayMs()).toBe(1200);
    observeMany(delay, 144, 20);
    expect(delay.delayMs()).toBe(60);
  });

  it('is about the slow ones, not about a single outlier', () => {
    const delay = createHedgeDelay({ floorMs: 10, factor: 3 });
    observeMany(delay, 63, 20);
    delay.observe(9000);
    expect(delay.delayMs()).toBe(60);
  });
});
