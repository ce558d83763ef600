import { setTimeout as wait } from 'node:timers/promises';
import { abortFailure, type Async } from '../core/failure.ts';
import { err, type Result } from '../core/result.ts';
import type { Refusal } from './model-hub-request.ts';

const maxTries = 3;
const maxDelaySeconds = 60;

export interface RetryOptions {
  /** Before the second try; doubled before every further one, unless the hub says how long. */
  readonly delayMs: number;
  /** How far the work is, in any unit: tries that got further than ever do not count. */
  readonly reached?: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Repeats what may work the next time, until three tries in a row have not got further. */
export async function withRetries<T>(
  attempt: () => Promise<Result<T, Refusal>>,
  { delayMs, reached = () => 0, signal }: RetryOptions,
): Async<T> {
  let furthest = reached();
  for (let tries = 1; ; tries += 1) {
    const result = await attempt();
    if (result.ok) return result;
    const { failure, again } = result.error;
    if (reached() > furthest) {
      furthest = reached();
      tries = 1;
    }
    if (!again || tries >= maxTries) return err(failure);
    const asked = failure.retryAfterSeconds;
    const pauseMs =
      asked === undefined ? delayMs * 2 ** (tries - 1) : Math.min(asked, maxDelaySeconds) * 1000;
    await wait(pauseMs, undefined, signal ? { signal } : {}).catch(() => {});
    if (signal?.aborted === true) return err(abortFailure(signal));
  }
}
