import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check';
import { expect, it } from 'vitest';
import { describeRateLimiter } from '../test/contracts/rate-limiter.ts';
import { createMemoryRateLimiter } from './memory-rate-limiter.ts';

describeRateLimiter('The memory rate limiter', async () => {
  let nowMs = 1_000_000;
  return {
    limiter: createMemoryRateLimiter({ now: () => nowMs }),
    pass: (ms) => void (nowMs += ms),
  };
});

it('remembers no more callers than it may', async () => {
  const limiter = createMemoryRateLimiter({ now: () => 0, maxBuckets: 2 });
  const rate = { perSecond: 1, burst: 1 };
  const allowed = async (bucket: string) => (await limiter.take(bucket, rate))?.allowed;
  expect([await allowed('a'), await allowed('b'), await allowed('a')]).toEqual([true, true, false]);
  expect(await allowed('c')).toBe(true);
  expect([await allowed('a'), await allowed('b')]).toEqual([false, true]);
});

it('allows what a bucket of tokens would, whatever the rate and whenever they come', async () => {
  const pausesMs = array(integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 });
  const rates = record({
    perSecond: constantFrom(0.1, 0.5, 1, 4, 10, 250),
    burst: integer({ min: 1, max: 20 }),
  });
  await assert(
    asyncProperty(pausesMs, rates, async (pauses, rate) => {
      let nowMs = 1_760_000_000_000;
      const limiter = createMemoryRateLimiter({ now: () => nowMs });
      // Counted in parts of which every rate gives a whole number in a millisecond.
      const token = 10_000;
      let parts = rate.burst * token;
      for (const pause of pauses) {
        nowMs += pause;
        parts = Math.min(parts + pause * rate.perSecond * 10, rate.burst * token);
        const allowed = parts >= token;
        if (allowed) parts -= token;
        const decision = await limiter.take('a', rate);
        expect(decision).toMatchObject({ allowed, remaining: Math.floor(parts / token) });
        if (allowed) continue;
        const missing = (token - parts) / token / rate.perSecond;
        expect(decision?.retryAfterSeconds).toBeCloseTo(missing, 2);
      }
    }),
  );
});
