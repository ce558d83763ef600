import { setTimeout as sleep } from 'node:timers/promises';
import type { Generation } from '../../core/generation.ts';
import type { Logger } from '../../core/ports.ts';

export interface ShowChangesOptions {
  readonly generation: Pick<Generation, 'endSoon'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly tries?: number;
  readonly waitMs?: number;
}

/** Makes changes of the index seen by searches; with nothing changed, only those that are still owed. */
export type ShowChanges = (changed: boolean, signal: AbortSignal) => Promise<void>;

/**
 * Ends the cache's generation after changes. Lambda freezes a function between two invocations, and its
 * connection is often dead when it goes on: so it is tried for a moment. Where that does not help, it
 * is owed, and tried again with the next changes or messages; nobody waits for a cache that is down.
 */
export function createShowChanges(options: ShowChangesOptions): ShowChanges {
  const { generation, logger, tries = 8, waitMs = 250 } = options;
  let changes = 0;
  let shown = 0;
  let isDown = false;

  async function end(signal: AbortSignal): Promise<boolean> {
    for (let left = isDown ? 1 : tries; left > 0; left -= 1) {
      if (await generation.endSoon()) return true;
      if (left > 1 && !signal.aborted) await sleep(waitMs);
    }
    return false;
  }

  return async (changed, signal) => {
    if (changed) changes += 1;
    if (shown === changes) return;
    const upTo = changes;
    const ended = await end(signal);
    if (ended) shown = Math.max(shown, upTo);
    else if (!isDown) logger.warn({}, untold);
    isDown = !ended;
  };
}

const untold =
  'Cannot tell the cache that the index has changed as it does not answer: it is tried again with the next messages, and searches may miss the change until then, or until REDIS_CACHE_TTL has passed';
