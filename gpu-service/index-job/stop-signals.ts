import type { Logger } from '../../core/ports.ts';

/** A container is killed 30 s after SIGTERM where nobody has set more. */
const usualDrainMs = 25_000;

export interface StopSignals {
  /** Nothing new is begun after the first signal. */
  readonly stop: AbortSignal;
  /** The second one, or 25 s, give up what is under way. */
  readonly signal: AbortSignal;
  close(): void;
}

/** @param process What gets SIGTERM (a spot machine is taken away in two minutes) and SIGINT. */
export function stopBySignals(
  process: Pick<NodeJS.EventEmitter, 'on' | 'off'>,
  logger: Pick<Logger, 'warn'>,
  drainMs = usualDrainMs,
): StopSignals {
  const stop = new AbortController();
  const giveUp = new AbortController();
  const names = ['SIGTERM', 'SIGINT'] as const;
  const leave = (name: string): void => {
    if (stop.signal.aborted) return giveUp.abort();
    logger.warn({ signal: name }, 'Finishing what is under way');
    stop.abort();
    setTimeout(() => giveUp.abort(), drainMs).unref();
  };
  for (const name of names) process.on(name, leave);
  return {
    stop: stop.signal,
    signal: giveUp.signal,
    close() {
      for (const name of names) process.off(name, leave);
    },
  };
}
