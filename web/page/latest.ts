export interface Latest {
  /** Aborts whatever ran before and gives the signal for what runs now. */
  next(): AbortSignal;
  cancel(): void;
}

/** Only the newest of several overlapping tasks counts: each finds out by its signal. */
export function createLatest(): Latest {
  let controller = new AbortController();
  return {
    next() {
      controller.abort();
      controller = new AbortController();
      return controller.signal;
    },
    cancel() {
      controller.abort();
    },
  };
}

/** Resolves after the time or as soon as the signal aborts; look at the signal afterwards. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
