import { createLru } from '../core/lru.ts';
import type { RateLimiter } from '../core/ports.ts';
import { rateDecision, tokenMs, wholeTokens } from './rate-decision.ts';

export interface MemoryRateLimiterOptions {
  /** In milliseconds. */
  readonly now: () => number;
  /** More callers than that at a time, and the one unseen for longest begins anew. */
  readonly maxBuckets?: number;
}

/** Counts the requests of this process alone. */
export function createMemoryRateLimiter({
  now,
  maxBuckets = 100_000,
}: MemoryRateLimiterOptions): RateLimiter {
  const fullAtMs = createLru<number>(maxBuckets);
  return {
    async take(bucket, rate) {
      const before = Math.max((fullAtMs.get(bucket) ?? 0) - now(), 0);
      // Another rate may have been smaller.
      const fullInMs = Math.min(before, rate.burst * tokenMs(rate));
      const allowed = wholeTokens(fullInMs, rate) >= 1;
      const after = allowed ? fullInMs + tokenMs(rate) : fullInMs;
      fullAtMs.set(bucket, now() + after);
      return rateDecision(allowed, after, rate);
    },
  };
}
