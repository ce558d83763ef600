import { abortFailure, type Async, type Failure } from './failure.ts';
import { err, type Result } from './result.ts';

/** What the work gives, or as soon as the signal says so `cancelled` or `timeout`; the work goes on. */
export async function unlessAborted<T>(work: Async<T>, signal?: AbortSignal): Async<T> {
  if (!signal) return work;
  const { promise, resolve } = Promise.withResolvers<Result<never, Failure>>();
  const leave = (): void => resolve(err(abortFailure(signal)));
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
