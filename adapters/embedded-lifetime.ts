import { type Async, abortFailure } from '../core/failure.ts';
import { err } from '../core/result.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import { unavailable } from './embedded-engine.ts';

/** Runs actions until the end, which waits for those that run; afterwards they fail. */
export interface Lifetime {
  /** Fails with `cancelled` or `timeout` as soon as the signal says so, though the action goes on. */
  attempt<T>(action: () => Async<T>, signal?: AbortSignal): Async<T>;
  end(release: () => Promise<unknown>): Promise<void>;
}

export function createLifetime(): Lifetime {
  const running = new Set<Promise<unknown>>();
  let ended: Promise<unknown> | undefined;

  async function run<T>(action: () => Async<T>): Async<T> {
    const attempted = action();
    running.add(attempted);
    try {
      return await attempted;
    } finally {
      running.delete(attempted);
    }
  }

  return {
    async attempt(action, signal) {
      if (ended) return err(unavailable('it is closed'));
      if (signal?.aborted) return err(abortFailure(signal));
      // zvec cannot be interrupted: its answer is waited for no longer, and dropped when it comes.
      return unlessAborted(run(action), signal);
    },
    async end(release) {
      ended ??= Promise.allSettled(running).then(release);
      await ended;
    },
  };
}
