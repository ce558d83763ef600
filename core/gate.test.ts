import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ok } from './result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createGate } from './gate.ts';

/** A task that is under way until it is told to finish. */
function heldTask(name: string, log: string[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const task = async () => {
    log.push(name);
    await promise;
    return ok(name);
  };
  return { task, finish: resolve };
}

describe('createGate', () => {
  it('lets tasks in as they come while there is room for their weight', async () => {
    const gate = createGate({ capacity: 10 });
    const log: string[] = [];
    const held = ['a', 'b', 'c', 'd'].map((name) => heldTask(name, log));
    const runs = held.map(({ task }, place) => gate.run([6, 4, 5, 1][place] ?? 0, task));
    await sleep(1);
    expect(log).toEqual(['a', 'b']);
    held[0]?.finish();
    await sleep(1);
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    for (const { finish } of held) finish();
    expect((await Promise.all(runs)).map((run) => expectOk(run))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('lets a task in alone that is heavier than the capacity', async () => {
    const gate = createGate({ capacity: 10 });
    const log: string[] = [];
    const [light, heavy, next] = ['light', 'heavy', 'next'].map((name) => heldTask(name, log));
    const runs = [
      gate.run(1, light?.task ?? never),
      gate.run(99, heavy?.task ?? never),
      gate.run(1, next?.task ?? never),
    ];
    await sleep(1);
    expect(log).toEqual(['light']);
    light?.finish();
    await sleep(1);
    expect(log).toEqual(['light', 'heavy']);
    heavy?.finish();
    next?.finish();
    await Promise.all(runs);
    expect(log).toEqual(['light', 'heavy', 'next']);
  });

  it('answers overloaded when as many wait as may', async () => {
    const gate = createGate({ capacity: 1, maxWaiting: 1 });
    const { task, finish } = heldTask('a', []);
    const runs = [gate.run(1, task), gate.run(1, task)];
    const failed = expectFailure(await gate.run(1, task));
    expect(failed).toMatchObject({ code: 'overloaded', retryAfterSeconds: 1 });
    finish();
    for (const run of await Promise.all(runs)) expectOk(run);
  });

  it('gives the place of a cancelled task to those behind it', async () => {
    const gate = createGate({ capacity: 2 });
    const log: string[] = [];
    const [first, heavy, light] = ['first', 'heavy', 'light'].map((name) => heldTask(name, log));
    const abort = new AbortController();
    const running = gate.run(1, first?.task ?? never);
    const waiting = gate.run(2, heavy?.task ?? never, abort.signal);
    const behind = gate.run(1, light?.task ?? never);
    abort.abort();
    expect(expectFailure(await waiting).code).toBe('cancelled');
    await sleep(1);
    expect(log).toEqual(['first', 'light']);
    first?.finish();
    light?.finish();
    await Promise.all([running, behind]);
  });

  it('does not begin a task whose signal has ended, and tells deadlines from cancelling', async () => {
    const gate = createGate({ capacity: 1 });
    expect(expectFailure(await gate.run(1, never, AbortSignal.abort())).code).toBe('cancelled');
    const { task, finish } = heldTask('a', []);
    const running = gate.run(1, task);
    const late = await gate.run(1, never, AbortSignal.timeout(5));
    expect(expectFailure(late).code).toBe('timeout');
    finish();
    await running;
  });

  it('is free again after a task that threw', async () => {
    const gate = createGate({ capacity: 1 });
    await expect(gate.run(1, never)).rejects.toThrow('must not run');
    expect(expectOk(await gate.run(1, async () => ok(1)))).toBe(1);
  });
});

async function never(): Promise<never> {
  throw new Error('must not run');
}
