import type { Failure } from './failure.ts';
import type { LlmTask, QuotaState } from './llm.ts';
import type { Logger } from './ports.ts';
import type { Clock } from './timings.ts';

/** The same failure is said once in this time. */
const quietMs = 60_000;

const warnedShare = 0.8;

/** What the log says of a language model. */
export interface LlmReport {
  failed(failure: Failure): void;
  /** Counts are shared and every one is given once: so one process of all says it, once a day. */
  quota(state: QuotaState): void;
}

export function createLlmReport(options: {
  readonly task: LlmTask;
  readonly logger: Pick<Logger, 'warn'>;
  readonly now: Clock;
}): LlmReport {
  const { task, logger, now } = options;
  const saidAtMs = new Map<string, number>();

  return {
    failed({ code, detail, cause }) {
      // Whoever leaves is no news; what the quota refuses was said when it was used up.
      if (code === 'cancelled' || code === 'llm_quota_exhausted') return;
      const what = `${code} ${detail}`;
      if (now() - (saidAtMs.get(what) ?? -Infinity) < quietMs) return;
      if (saidAtMs.size > 100) saidAtMs.clear();
      saidAtMs.set(what, now());
      logger.warn({ task, code, err: cause }, detail);
    },
    quota({ used, limit }) {
      const fields = { task, used, limit };
      if (used === limit)
        logger.warn(fields, 'The quota of the language model is used up for today');
      else if (used === Math.ceil(limit * warnedShare)) {
        logger.warn(fields, 'Most of the quota of the language model is used for today');
      }
    },
  };
}
