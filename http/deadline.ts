/** How many milliseconds the caller still waits for the answer; a deadline shrinks along the way. */
export const deadlineHeader = 'X-Deadline-Ms';

/**
 * How long a request may take: what its caller says it still waits, and never longer than `maxMs`.
 * A header that is no positive number counts as none.
 */
export function readDeadlineMs(header: string | undefined, maxMs: number): number {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return maxMs;
  return Math.min(Math.max(1, Number(header)), maxMs);
}
