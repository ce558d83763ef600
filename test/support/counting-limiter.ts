import type { Rate, RateLimiter } from '../../core/ports.ts';

/** A limiter on which no time passes: each bucket has its burst and never more. */
export function createCountingLimiter(): RateLimiter & {
  readonly taken: Map<string, { tokens: number; readonly rate: Rate }>;
} {
  const taken = new Map<string, { tokens: number; readonly rate: Rate }>();
  return {
    taken,
    async take(bucket, rate) {
      const before = taken.get(bucket)?.tokens ?? 0;
      const allowed = before < rate.burst;
      const tokens = allowed ? before + 1 : before;
      taken.set(bucket, { tokens, rate });
      return {
        allowed,
        remaining: rate.burst - tokens,
        resetSeconds: tokens / rate.perSecond,
        retryAfterSeconds: allowed ? 0 : 1 / rate.perSecond,
      };
    },
  };
}
