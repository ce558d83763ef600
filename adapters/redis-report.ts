import type { Logger } from '../core/ports.ts';

export interface RedisReport {
  /** It does not answer; may be said again and again. */
  lost(reason: string): void;
  /** It answers. */
  back(): void;
  /** It answers, but would not do something. */
  refused(code: string, reason: string): void;
}

/** A Redis that comes and goes, or refuses all the time, does not fill the log. */
const quietMs = 10_000;

/** Says once when Redis is gone, and once when it is back. */
export function createRedisReport(options: {
  /** Where it is, said with every line. */
  readonly address: string;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** In milliseconds. */
  readonly now: () => number;
}): RedisReport {
  const { address, logger, now } = options;
  const saidAtMs = new Map<string, number>();
  let said: 'nothing' | 'lost' | 'back' = 'nothing';

  function isNews(what: string): boolean {
    if (now() - (saidAtMs.get(what) ?? -Infinity) < quietMs) return false;
    saidAtMs.set(what, now());
    return true;
  }

  return {
    lost(reason) {
      if (said === 'lost' || !isNews('lost')) return;
      said = 'lost';
      logger.warn(
        { redis: address, reason },
        'Cannot use Redis as it does not answer: it is done without',
      );
    },
    back() {
      if (said === 'back') return;
      said = 'back';
      logger.info({ redis: address }, 'Redis answers');
    },
    refused(code, reason) {
      if (!isNews(code)) return;
      logger.warn({ redis: address, reason }, `Redis refuses a command: ${code}`);
    },
  };
}
