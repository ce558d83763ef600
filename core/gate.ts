import { abortFailure, type Async, type Failure, failure } from './failure.ts';
import { err } from './result.ts';

/** Lets tasks in, first come first served, while their weights together are within a capacity. */
export interface Gate {
  /**
   * Runs the task as soon as there is room for it. A task heavier than the capacity runs alone.
   * Fails with `overloaded` when too many wait already, and with `timeout` or `cancelled` when the
   * signal ends the wait; besides these with what the task fails with.
   */
  run<T>(weight: number, task: () => Async<T>, signal?: AbortSignal): Async<T>;
}

export function createGate(options: {
  readonly capacity: number;
  /** How many tasks may wait. Left out: as many as the caller's own bounds let come. */
  readonly maxWaiting?: number;
}): Gate {
  const { capacity, maxWaiting = Infinity } = options;
  const queue: Waiting[] = [];
  let taken = 0;

  function admit(): void {
    for (let next = queue[0]; next && fits(next.weight); next = queue[0]) {
      queue.shift();
      taken += next.weight;
      next.enter();
    }
  }

  function fits(weight: number): boolean {
    return taken === 0 || taken + weight <= capacity;
  }

  return {
    async run(weight, task, signal) {
      if (signal?.aborted) return err(abortFailure(signal));
      if (queue.length >= maxWaiting) return err(tooMany(queue.length));
      const entering = waitIn(queue, weight, signal);
      admit();
      if (!(await entering) && signal) {
        // What stood behind a heavy task may fit now.
        admit();
        return err(abortFailure(signal));
      }
      try {
        return await task();
      } finally {
        taken -= weight;
        admit();
      }
    },
  };
}

interface Waiting {
  readonly weight: number;
  readonly enter: () => void;
}

/** Resolves to true when let in, to false when the signal came first. */
async function waitIn(queue: Waiting[], weight: number, signal?: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const waiting = { weight, enter: () => resolve(true) };
  const leave = (): void => {
    const place = queue.indexOf(waiting);
    if (place !== -1) queue.splice(place, 1);
    resolve(false);
  };
  signal?.addEventListener('abort', leave, { once: true });
  queue.push(waiting);
  const entered = await promise;
  signal?.removeEventListener('abort', leave);
  return entered;
}

function tooMany(waiting: number): Failure {
  const detail = `Cannot encode as too many requests wait already: ${waiting}`;
  return failure('overloaded', detail, { retryAfterSeconds: 1 });
}
