import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Rate, RateDecision, RateLimiter } from '../../core/ports.ts';

export interface RateLimiterUnderTest {
  /** One that has counted nothing yet. */
  readonly limiter: RateLimiter;
  /** Lets that much time go by, for the limiter. */
  pass(ms: number): Promise<void> | void;
  close?(): void;
}

/** Slow enough for nothing to come in while a test runs. */
const slow: Rate = { perSecond: 0.01, burst: 3 };
/** A token in 400 ms. */
const quick: Rate = { perSecond: 2.5, burst: 2 };

/** What every rate limiter does, whatever is behind it. */
export function describeRateLimiter(
  name: string,
  create: () => Promise<RateLimiterUnderTest>,
): void {
  describe(`${name} is a rate limiter`, () => {
    let underTest: RateLimiterUnderTest;

    beforeEach(async () => {
      underTest = await create();
    });
    afterEach(() => underTest.close?.());

    async function take(rate: Rate, bucket = 'a'): Promise<RateDecision> {
      const decision = await underTest.limiter.take(bucket, rate);
      if (decision === undefined) throw new Error('It did not count');
      return decision;
    }

    it('allows the burst and no more, and says what is left', async () => {
      const decisions = [await take(slow), await take(slow), await take(slow), await take(slow)];
      expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, false]);
      expect(decisions.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0]);
    });

    it('says when there is a token again, and when the bucket is full', async () => {
      const [first, , third] = [await take(slow), await take(slow), await take(slow)];
      expect(first).toMatchObject({ allowed: true, retryAfterSeconds: 0 });
      expect(first.resetSeconds).toBeGreaterThan(98);
      expect(first.resetSeconds).toBeLessThanOrEqual(100);
      expect(third.resetSeconds).toBeGreaterThan(298);
      expect(third.resetSeconds).toBeLessThanOrEqual(300);
      const refused = await take(slow);
      expect(refused.retryAfterSeconds).toBeGreaterThan(98);
      expect(refused.retryAfterSeconds).toBeLessThanOrEqual(100);
      expect(refused.resetSeconds).toBeGreaterThan(298);
      expect(refused.resetSeconds).toBeLessThanOrEqual(300);
    });

    it('does not make who was refused wait for longer', async () => {
      for (let count = 0; count < 20; count++) await take(slow);
      expect((await take(slow)).retryAfterSeconds).toBeLessThanOrEqual(100);
    });

    it('fills the bucket with time, up to the burst', async () => {
      for (let count = 0; count < 3; count++) await take(quick);
      const { retryAfterSeconds } = await take(quick);
      await underTest.pass(retryAfterSeconds * 1000 + 5);
      expect((await take(quick)).allowed).toBe(true);
      await underTest.pass(1500);
      const later = [await take(quick), await take(quick), await take(quick)];
      expect(later.map(({ allowed }) => allowed)).toEqual([true, true, false]);
    });

    it('counts every bucket for itself', async () => {
      for (let count = 0; count < 4; count++) await take(slow, 'a');
      expect(await take(slow, 'b')).toMatchObject({ allowed: true, remaining: 2 });
      expect((await take(slow, '')).allowed).toBe(true);
    });

    it('serves those who come at once in their order', async () => {
      const decisions = await Promise.all([1, 2, 3, 4, 5].map(() => take(slow)));
      expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, false, false]);
      expect(decisions.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0, 0]);
      expect(decisions[0]?.resetSeconds).toBeLessThanOrEqual(100);
      expect(decisions[4]?.retryAfterSeconds).toBeGreaterThan(98);
    });

    it('goes by a new rate at once', async () => {
      for (let count = 0; count < 3; count++) await take(slow);
      expect((await take({ perSecond: 1000, burst: 3 })).resetSeconds).toBeLessThan(1);
    });
  });
}
