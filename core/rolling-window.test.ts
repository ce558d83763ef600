import { expect, it } from 'vitest';
import { createRollingWindow, percentile } from './rolling-window.ts';

it('gives zeros while nothing was measured', () => {
  expect(createRollingWindow().summary()).toEqual({
    count: 0,
    p50_ms: 0,
    p95_ms: 0,
    p99_ms: 0,
    mean_ms: 0,
  });
});

it('gives exact percentiles by nearest rank', () => {
  const window = createRollingWindow();
  for (let ms = 100; ms >= 1; ms -= 1) window.add(ms);
  expect(window.summary()).toEqual({
    count: 100,
    p50_ms: 50,
    p95_ms: 95,
    p99_ms: 99,
    mean_ms: 50.5,
  });
});

it('forgets the oldest', () => {
  const window = createRollingWindow(3);
  for (const ms of [1000, 1, 2, 3]) window.add(ms);
  expect(window.summary()).toMatchObject({ count: 3, p99_ms: 3, mean_ms: 2 });
});

it('has one value as every percentile of itself', () => {
  expect([0, 50, 100].map((share) => percentile(Float64Array.of(7), share))).toEqual([7, 7, 7]);
});
