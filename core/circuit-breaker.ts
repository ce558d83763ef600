import type { Clock } from './timings.ts';

/** Keeps callers from waiting for somebody who does not answer anyway. */
export interface CircuitBreaker {
  /** May be asked for one attempt at a time; `undefined` while it is not worth an attempt. */
  enter(): Passage | undefined;
  /** Until the next attempt is let through; 0 while all are. */
  waitMs(): number;
  isOpen(): boolean;
}

/** One attempt. It says how it ended at most once; one that was broken off says nothing. */
export interface Passage {
  /** There was an answer, whatever it said. */
  answered(): void;
  /** There was none. */
  unanswered(): void;
}

export interface CircuitBreakerOptions {
  /** Attempts in a row without an answer that open it. */
  readonly failures?: number;
  /** While it is open, one attempt is let through in this time. */
  readonly probeEveryMs?: number;
  readonly now: Clock;
}

/**
 * Closed until some attempts in a row had no answer. While it is open, one attempt per interval
 * probes whether there are answers again, and any answer closes it, a late one too. A probe that
 * gets none within the interval keeps nobody else from probing: an attempt that hangs until its
 * deadline must not lengthen the outage.
 */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { failures = 5, probeEveryMs = 1000, now } = options;
  let inARow = 0;
  let probeAtMs = 0;
  const isOpen = (): boolean => inARow >= failures;

  return {
    isOpen,
    waitMs: () => (isOpen() ? Math.max(0, probeAtMs - now()) : 0),
    enter() {
      if (isOpen()) {
        if (now() < probeAtMs) return undefined;
        probeAtMs = now() + probeEveryMs;
      }
      return {
        answered() {
          inARow = 0;
        },
        unanswered() {
          inARow += 1;
          // Those that were under way when it opened tell nothing new.
          if (inARow === failures) probeAtMs = now() + probeEveryMs;
        },
      };
    },
  };
}
