import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { failure } from '../core/failure.ts';
import type { Queue, QueueMessage } from '../core/queue.ts';
import { err, ok } from '../core/result.ts';
import { takeMessages, type TakeOptions } from './redrive-held.ts';

/** A queue of numbered messages; some come a second time, under another receipt. */
function createQueue(count: number, twice: (n: number) => boolean = () => false) {
  const waiting = Array.from({ length: count }, (_, n) => n);
  const released: string[] = [];
  const asked = { receives: 0 };
  const queue: Queue = {
    send: async () => ok(undefined),
    remove: async () => ok(undefined),
    async receive() {
      asked.receives += 1;
      const some = waiting.splice(0, 10);
      waiting.push(...some.filter((n) => n < count && twice(n)).map((n) => n + count));
      return ok(some.map((n) => messageOf(n % count, n < count ? 'first' : 'second')));
    },
    async release(messages) {
      released.push(...messages.map(({ id, receipt }) => `${id} ${receipt}`));
      return ok(undefined);
    },
    count: async () => ok({ waiting: waiting.length, hidden: 0 }),
  };
  return { queue, released, asked };
}

function messageOf(n: number, receipt: string): QueueMessage {
  return { id: `${n}`, body: `${n}`, receipt, sentAtMs: 0, receives: 1 };
}

function take(queue: Queue, more: Partial<TakeOptions> = {}) {
  const handled: string[] = [];
  const taken = takeMessages(queue, {
    limit: 1_000_000,
    isWanted: () => true,
    async handle(messages) {
      handled.push(...messages.map(({ id }) => id));
      return ok(undefined);
    },
    removes: false,
    signal: new AbortController().signal,
    ...more,
  });
  return { taken, handled };
}

describe('taking messages', () => {
  it('sees each once, and releases it by its last receipt', async () => {
    const { queue, released } = createQueue(95, (n) => n % 5 === 0);
    const { taken, handled } = take(queue);
    expectOk(await taken);
    expect(handled).toHaveLength(95);
    expect(new Set(handled).size).toBe(95);
    expect(released).toHaveLength(95);
    expect(released).toContain('10 second');
    expect(released).toContain('11 first');
  });

  it('releases nothing of what was removed, and all of what was not wanted', async () => {
    const { queue, released } = createQueue(40);
    const { taken, handled } = take(queue, {
      removes: true,
      isWanted: ({ id }) => Number(id) < 10,
    });
    expectOk(await taken);
    expect(handled).toHaveLength(10);
    expect(released).toHaveLength(30);
  });

  it('takes no more than its limit, and releases what came beside', async () => {
    const { queue, released, asked } = createQueue(1000);
    const { taken, handled } = take(queue, { limit: 15, removes: true });
    expectOk(await taken);
    expect(handled).toHaveLength(15);
    expect(asked.receives).toBeLessThan(10);
    expect(released).toHaveLength(asked.receives * 10 - 15);
  });

  it('releases everything when one cannot be handled', async () => {
    const { queue, released, asked } = createQueue(1000);
    const down = failure('queue_unavailable', 'Cannot send');
    const { taken } = take(queue, { removes: true, handle: async () => err(down) });
    expect(expectFailure(await taken)).toBe(down);
    expect(asked.receives).toBeLessThan(10);
    expect(released).toHaveLength(asked.receives * 10);
  });

  it('ends when it is asked to', async () => {
    const { queue, released, asked } = createQueue(1000);
    const stop = new AbortController();
    const { taken } = take(queue, {
      signal: stop.signal,
      async handle() {
        stop.abort();
        return ok(undefined);
      },
    });
    expectOk(await taken);
    expect(asked.receives).toBeLessThan(10);
    expect(released).toHaveLength(asked.receives * 10);
  });

  it('looks at 100,000 and no more', async () => {
    const { queue, released } = createQueue(110_000);
    const { taken } = take(queue);
    expectOk(await taken);
    expect(released.length).toBeGreaterThanOrEqual(100_000);
    expect(released.length).toBeLessThan(100_050);
  });
});
