import type { Quota } from '../core/llm.ts';
import { utcDay } from './utc-day.ts';

export interface MemoryQuotaOptions {
  /** How many a day. */
  readonly limit: number;
  /** Milliseconds since 1970. */
  readonly epochMs?: () => number;
}

/** Counts what this process takes, alone: with several of them each has the whole quota. */
export function createMemoryQuota({ limit, epochMs = Date.now }: MemoryQuotaOptions): Quota {
  let day = '';
  let used = 0;
  return {
    async take() {
      const today = utcDay(epochMs());
      if (today !== day) used = 0;
      day = today;
      if (used >= limit) return undefined;
      used += 1;
      return { used, limit };
    },
  };
}
