import { pino } from 'pino';

/** What may wait when nobody reads it: lines beyond that are lost, and the process goes on. */
const maxWaitingBytes = 16_000_000;

/**
 * Writes JSON lines to the standard output, without a request waiting for it: writing each at once
 * takes longer than an answer from the cache. What waits is written when the process exits, also
 * after `fatal` or a bug. Not for Lambda, which stands still between requests.
 */
export function createProcessLogger(level: string): pino.Logger {
  return pino({ level }, pino.destination({ dest: 1, sync: false, maxLength: maxWaitingBytes }));
}
