import { abortFailure, type Async } from './failure.ts';
import { err } from './result.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Work that several ask for at the same time, done once for all of them. */
export interface Flights<T> {
  /** Whether work of this key is under way. */
  has(key: string): boolean;
  /**
   * Joins the work of this key that is under way, or else starts it. A signal ends its own caller's
   * wait, with `timeout` or `cancelled`; the work itself is aborted, for the reason of the last to
   * leave, when nobody waits for it.
   */
  join(key: string, work: Work<T>, signal?: AbortSignal): Async<T>;
}

type Work<T> = (signal: AbortSignal) => Async<T>;

interface Flight<T> {
  readonly abort: AbortController;
  readonly result: Async<T>;
  waiting: number;
}

export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();

  function start(key: string, work: Work<T>): Flight<T> {
    const abort = new AbortController();
    const flight = { abort, result: work(abort.signal), waiting: 0 };
    flights.set(key, flight);
    const end = (): void => forget(key, flight);
    flight.result.then(end, end);
    return flight;
  }

  function forget(key: string, flight: Flight<T>): void {
    if (flights.get(key) === flight) flights.delete(key);
  }

  return {
    has: (key) => flights.has(key),
    async join(key, work, signal) {
      if (signal?.aborted) return err(abortFailure(signal));
      const flight = flights.get(key) ?? start(key, work);
      flight.waiting += 1;
      try {
        return await unlessAborted(flight.result, signal);
      } finally {
        flight.waiting -= 1;
        if (flight.waiting === 0) {
          // Whoever asks from here on must not join what is being aborted.
          forget(key, flight);
          flight.abort.abort(signal?.reason);
        }
      }
    },
  };
}
