import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; where the call ends before, with what ended it: its deadline, or its caller. */
export async function waitWithin(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
  signal.throwIfAborted();
}
