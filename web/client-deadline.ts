export interface Deadline {
  readonly signal: AbortSignal;
  clear(): void;
}

/**
 * Of a signal and a time, whichever comes first, and no timer left behind.
 *
 * @param late What is said when it was the time.
 */
export function createDeadline(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  late = `No answer within ${timeoutMs} ms`,
): Deadline {
  const controller = new AbortController();
  const leave = () => controller.abort(signal?.reason);
  const timer = setTimeout(
    () => controller.abort(new DOMException(late, 'TimeoutError')),
    timeoutMs,
  );
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    },
  };
}

/** A while, or until the signal says so. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
  });
}
