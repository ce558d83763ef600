import { expect, it } from 'vitest';
import { describeCache } from '../test/contracts/cache.ts';
import { createMemoryCache } from './memory-cache.ts';

describeCache('The memory cache', async () => {
  let nowMs = 1000;
  return {
    cache: createMemoryCache({ now: () => nowMs }),
    pass: (ms) => void (nowMs += ms),
  };
});

it('lets go of what was unused for longest, by bytes', async () => {
  const cache = createMemoryCache({ maxBytes: 10_000, now: () => 0 });
  for (const key of ['a', 'b', 'c']) expect(await cache.set(key, 'x'.repeat(3000))).toBe(true);
  await cache.get(['a']);
  // Two bytes a letter.
  expect(await cache.set('d', 'ä'.repeat(1500))).toBe(true);
  const found = await cache.get(['a', 'b', 'c', 'd']);
  expect(found?.map((value) => value?.length)).toEqual([3000, undefined, 3000, 1500]);
});

it('does not keep what is larger than all of it, and what it kept instead is gone', async () => {
  const cache = createMemoryCache({ maxBytes: 1000, now: () => 0 });
  await cache.set('a', 'small');
  await cache.set('b', 'small');
  expect(await cache.set('a', 'x'.repeat(1000))).toBe(false);
  expect(await cache.get(['a', 'b'])).toEqual([undefined, 'small']);
});

it('stays within its bytes however many keys there are', async () => {
  const cache = createMemoryCache({ maxBytes: 100_000, now: () => 0 });
  const keys = Array.from({ length: 2000 }, (_, index) => `key ${index}`);
  for (const key of keys) await cache.set(key, '');
  const kept = (await cache.get(keys))?.filter((value) => value !== undefined);
  expect(kept?.length).toBeGreaterThan(100);
  expect(kept?.length).toBeLessThan(500);
});
