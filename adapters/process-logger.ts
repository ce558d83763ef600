import { pino } from 'pino';

/** What may wait when nobody reads it: lines beyond that are lost, and the process goes on. */
const maxWaitingBytes = 16_000_000;

/**
 * Writes JSON lines to the standard output, without a request waiting for it: writing each at once
 * takes longer than an answer from the cache. What waits is written when the process exits, also
 * after `fatal` or a bug. Not for Lambda, which stands still between requests.
 */
export function createProcessLogger(level: string): pino.Logger {
  return openProcessLog(level).logger;
}

export interface ProcessLog {
  readonly logger: pino.Logger;
  /** Writes a line of something else, with its end, between two of the log: never within one. */
  writeLine(line: string): void;
}

/** The same, for a process that writes other lines too. */
export function openProcessLog(level: string): ProcessLog {
  const output = pino.destination({ dest: 1, sync: false, maxLength: maxWaitingBytes });
  return { logger: pino({ level }, output), writeLine: (line) => void output.write(line) };
}
