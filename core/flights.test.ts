import { beforeEach, describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { tick } from '../test/support/held-encoder.ts';
import { type Async, failure } from './failure.ts';
import { createFlights, type Flights } from './flights.ts';
import { err, ok } from './result.ts';

interface Work {
  readonly key: string;
  readonly signal: AbortSignal;
  end(result: Awaited<Async<number>>): void;
  breakWith(bug: Error): void;
}

let started: Work[];
let flights: Pick<Flights<number>, 'has'> & {
  join(key: string, signal?: AbortSignal): Async<number>;
};
beforeEach(() => {
  started = [];
  const { has, join } = createFlights<number>();
  const work = (key: string) => (signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<Async<number>>>();
    started.push({ key, signal, end: resolve, breakWith: reject });
    return promise;
  };
  flights = { has, join: (key, signal) => join(key, work(key), signal) };
});

describe('createFlights', () => {
  it('does work of one key once for all who ask meanwhile, and again afterwards', async () => {
    const answers = [flights.join('a'), flights.join('a'), flights.join('b')];
    expect(started.map(({ key }) => key)).toEqual(['a', 'b']);
    expect([flights.has('a'), flights.has('c')]).toEqual([true, false]);
    started[0]?.end(ok(1));
    started[1]?.end(ok(2));
    expect((await Promise.all(answers)).map(expectOk)).toEqual([1, 1, 2]);
    expect(flights.has('a')).toBe(false);
    const again = flights.join('a');
    started[2]?.end(ok(3));
    expect(expectOk(await again)).toBe(3);
  });

  it('gives a failure or a bug to all who wait, and starts afresh', async () => {
    const failing = [flights.join('a'), flights.join('a')];
    started[0]?.end(err(failure('encoder_unavailable', 'down')));
    for (const answer of failing) expect(expectFailure(await answer).detail).toBe('down');
    const breaking = [flights.join('a'), flights.join('a')];
    started[1]?.breakWith(new Error('a bug'));
    for (const answer of breaking) await expect(answer).rejects.toThrow('a bug');
    void flights.join('a');
    expect(started).toHaveLength(3);
  });

  it('goes on for those who stay when the one who started it leaves', async () => {
    const abort = new AbortController();
    const leaving = flights.join('a', abort.signal);
    const staying = flights.join('a', new AbortController().signal);
    abort.abort();
    expect(expectFailure(await leaving).code).toBe('cancelled');
    expect(started[0]?.signal.aborted).toBe(false);
    started[0]?.end(ok(1));
    expect(expectOk(await staying)).toBe(1);
  });

  it('is aborted when the last one leaves, and never joined after that', async () => {
    const aborts = [new AbortController(), new AbortController()];
    const leaving = aborts.map(({ signal }) => flights.join('a', signal));
    aborts[0]?.abort();
    aborts[1]?.abort(new DOMException('late', 'TimeoutError'));
    const codes = (await Promise.all(leaving)).map((answer) => expectFailure(answer).code);
    expect(codes).toEqual(['cancelled', 'timeout']);
    expect(started[0]?.signal.aborted).toBe(true);
    expect(started[0]?.signal.reason).toMatchObject({ name: 'TimeoutError' });
    const fresh = flights.join('a');
    expect(started).toHaveLength(2);
    started[0]?.end(err(failure('cancelled', 'left')));
    await tick();
    // The end of what was given up does not touch what came after it.
    expect(flights.has('a')).toBe(true);
    started[1]?.end(ok(2));
    expect(expectOk(await fresh)).toBe(2);
  });

  it('does not begin for a caller whose signal has ended', async () => {
    expect(expectFailure(await flights.join('a', AbortSignal.abort())).code).toBe('cancelled');
    expect(started).toEqual([]);
  });
});
