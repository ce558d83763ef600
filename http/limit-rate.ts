import type { Context, MiddlewareHandler } from 'hono';
import { failure } from '../core/failure.ts';
import type { Rate, RateDecision, RateLimiter } from '../core/ports.ts';
import { apiKeyOf } from './authenticate.ts';
import { headersOf, respondFailure } from './respond.ts';
import type { AccessOf } from './route-access.ts';

/**
 * One token per request on the routes that cost something: of the API key's bucket, and of the
 * address's for whoever has no good key. So it goes between `authenticate` and `authorize`: wrong
 * keys cost tokens too, and nobody can use up those of somebody else's key. A limiter that can't
 * count lets pass. A `perSecond` of 0 is no limit.
 */
export function limitRate(parts: {
  readonly limiter: RateLimiter;
  /** For keys without a rate of their own, and for addresses. */
  readonly rate: Rate;
  readonly addressOf: (c: Context) => string;
  readonly accessOf: AccessOf;
}): MiddlewareHandler {
  const { limiter, addressOf, accessOf } = parts;
  return async (c, next) => {
    const isLimited = accessOf(c).some(({ limited }) => limited);
    if (!isLimited || c.req.method === 'OPTIONS') return next();
    const key = apiKeyOf(c);
    const rate = key?.rate ?? parts.rate;
    if (rate.perSecond === 0) return next();
    const bucket = key === undefined ? `address:${addressOf(c)}` : `key:${key.id}`;
    const decision = await limiter.take(bucket, rate);
    if (decision === undefined) return next();
    tell(c, rate, decision);
    return decision.allowed ? next() : refuse(c, rate, decision);
  };
}

function tell(c: Context, rate: Rate, { remaining, resetSeconds }: RateDecision): void {
  headersOf(c)['RateLimit-Limit'] = String(rate.burst);
  headersOf(c)['RateLimit-Remaining'] = String(Math.max(0, remaining));
  headersOf(c)['RateLimit-Reset'] = String(Math.ceil(resetSeconds));
}

function refuse(c: Context, { perSecond, burst }: Rate, decision: RateDecision): Response {
  const detail = `Cannot answer as there were too many requests: more than ${perSecond} per second, ${burst} at once`;
  // Less than a second is a second in this header, and 0 would be an invitation.
  const retryAfterSeconds = Math.max(1, decision.retryAfterSeconds);
  return respondFailure(c, failure('rate_limited', detail, { retryAfterSeconds }));
}
