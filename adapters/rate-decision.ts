import type { Rate, RateDecision } from '../core/ports.ts';

/*
 * A token bucket is one number: when it will be full again. Every token that is taken moves that on
 * by the time that a token takes, and there is one as long as this leads no further than the time
 * that the whole bucket takes.
 */

/** Milliseconds until a bucket has one token more. */
export function tokenMs({ perSecond }: Rate): number {
  return 1000 / perSecond;
}

/** How many tokens a bucket has that will be full in so many milliseconds. */
export function wholeTokens(fullInMs: number, rate: Rate): number {
  // Rounding must not cost a token that is due.
  return Math.floor(rate.burst - fullInMs / tokenMs(rate) + 1e-6);
}

/** @param fullInMs Until the bucket is full, after the token was taken if there was one. */
export function rateDecision(allowed: boolean, fullInMs: number, rate: Rate): RateDecision {
  const nextTokenMs = fullInMs - (rate.burst - 1) * tokenMs(rate);
  return {
    allowed,
    remaining: Math.max(wholeTokens(fullInMs, rate), 0),
    resetSeconds: fullInMs / 1000,
    retryAfterSeconds: allowed ? 0 : Math.max(nextTokenMs, 0) / 1000,
  };
}
