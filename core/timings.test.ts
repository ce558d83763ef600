import { expect, it } from 'vitest';
import { createTimings } from './timings.ts';

it('adds up what a stage took, also when it fails', async () => {
  let now = 100;
  const timings = createTimings(() => now);
  await timings.measure('encode', async () => {
    now += 5;
  });
  const failing = timings.measure('search', async () => {
    now += 2;
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await timings.measure('encode', async () => {
    now += 1;
  });
  expect(timings.entries()).toEqual([
    ['encode', 6],
    ['search', 2],
  ]);
  expect(timings.spent('encode')).toBe(6);
  expect(timings.spent('cache')).toBe(0);
  expect(timings.elapsed()).toBe(8);
});
