import { beforeEach, describe, expect, it } from 'vitest';
import type { Queue, QueueMessage } from '../../core/queue.ts';
import { expectFailure, expectOk } from '../support/expect-ok.ts';

export interface QueueCase {
  /**
   * An empty queue, and one where messages go that were received three times; `removed` is one that
   * is not there any more.
   */
  create(): Promise<{
    readonly queue: Queue;
    readonly deadLetters: Queue;
    readonly removed: Queue;
  }>;
}

/** What every queue does. */
export function describeQueue(name: string, { create }: QueueCase): void {
  describe(`${name} is a queue`, () => {
    let queue: Queue;
    let deadLetters: Queue;
    let removed: Queue;

    beforeEach(async () => {
      ({ queue, deadLetters, removed } = await create());
    });

    const send = async (...bodies: string[]): Promise<void> =>
      expectOk(await queue.send(bodies.map((body) => ({ body }))));
    const receive = async (from = queue, hideSeconds = 30): Promise<QueueMessage[]> =>
      expectOk(await from.receive({ hideSeconds }));

    it('has nothing at first', async () => {
      expect(await receive()).toEqual([]);
      expect(expectOk(await queue.count())).toEqual({ waiting: 0, hidden: 0 });
      expectOk(await queue.send([]));
      expectOk(await queue.remove([]));
      expectOk(await queue.release([]));
    });

    it('hands out what was sent, and to nobody else meanwhile', async () => {
      const before = Date.now();
      // Not all servers take what is beyond U+FFFF in a body.
      const three = '{"three":"ü 日本 \t<&>\\n"}';
      await send('one', 'two', three);
      expect(expectOk(await queue.count())).toEqual({ waiting: 3, hidden: 0 });
      const messages = await receive();
      expect(new Set(messages.map(({ body }) => body))).toEqual(new Set(['one', 'two', three]));
      for (const message of messages) {
        expect(message).toMatchObject({ receives: 1, id: /./, receipt: /./ });
        expect(message.sentAtMs).toBeGreaterThan(before - 60_000);
        expect(message.reason).toBeUndefined();
      }
      expect(await receive()).toEqual([]);
      expect(expectOk(await queue.count())).toEqual({ waiting: 0, hidden: 3 });
    });

    it('hands out ten at most, and no message twice', async () => {
      const bodies = Array.from({ length: 25 }, (_, n) => `message ${n}`);
      await send(...bodies);
      const batches = [await receive(), await receive(), await receive()];
      expect(Math.max(...batches.map(({ length }) => length))).toBe(10);
      const got = batches.flat().map(({ body }) => body);
      expect(got.toSorted()).toEqual(bodies.toSorted());
    });

    it('forgets what is dealt with', async () => {
      const bodies = Array.from({ length: 12 }, (_, n) => `message ${n}`);
      await send(...bodies);
      const messages = [...(await receive()), ...(await receive())];
      expectOk(await queue.remove(messages.slice(1)));
      expectOk(await queue.release(messages));
      expect((await receive()).map(({ body }) => body)).toEqual([messages[0]?.body]);
    });

    it('hands out again what is released, and counts how often', async () => {
      await send('again');
      const [first] = await receive();
      if (!first) throw new Error('Cannot go on without a message');
      expectOk(await queue.release([first]));
      expect(expectOk(await queue.count())).toEqual({ waiting: 1, hidden: 0 });
      const [second] = await receive();
      expect(second).toMatchObject({ id: first.id, body: 'again', receives: 2 });
      expect(second?.sentAtMs).toBe(first.sentAtMs);
      // What is released already, or dealt with, is no failure.
      expectOk(await queue.release([first]));
      expectOk(await queue.remove(second ? [second] : []));
      expectOk(await queue.release(second ? [second] : []));
      expectOk(await queue.remove(second ? [second] : []));
    });

    it('hands out again what was hidden for long enough', async () => {
      await send('back');
      expect(await receive(queue, 1)).toHaveLength(1);
      const again = expectOk(await queue.receive({ hideSeconds: 30, waitSeconds: 5 }));
      expect(again).toMatchObject([{ body: 'back', receives: 2 }]);
    });

    it('gives a message away when it was received too often', async () => {
      await send('poison');
      for (const receives of [1, 2, 3]) {
        const messages = await receive();
        expect(messages).toMatchObject([{ receives }]);
        expectOk(await queue.release(messages));
      }
      expect(await receive()).toEqual([]);
      expect(await receive(deadLetters)).toMatchObject([{ body: 'poison' }]);
      expect(expectOk(await queue.count())).toEqual({ waiting: 0, hidden: 0 });
    });

    it('keeps the reason of a message, on one line and of bounded length', async () => {
      const reasons = {
        plain: 'image_corrupt: Cannot read the picture: ümläut.png',
        lines: 'a\nb\u0000\u0007c\ufffe\ud800d',
        long: `x${'🦊'.repeat(5000)}`,
        empty: '\n',
      };
      expectOk(
        await deadLetters.send(Object.entries(reasons).map(([body, reason]) => ({ body, reason }))),
      );
      const got = await receive(deadLetters);
      const byBody = Object.fromEntries(got.map(({ body, reason }) => [body, reason]));
      expect(byBody['plain']).toBe(reasons.plain);
      expect(byBody['lines']).toMatch(/^a b c .?d$/);
      expect(byBody['long']?.slice(0, 3)).toBe('x🦊');
      expect(byBody['long']?.length).toBeLessThanOrEqual(1000);
      expect(byBody['empty']).toBeUndefined();
    });

    it('takes many large messages at once', async () => {
      const bodies = Array.from({ length: 12 }, (_, n) => `${n} ${'ü'.repeat(60_000)}`);
      await send(...bodies, 'x'.repeat(256 * 1024));
      expect(expectOk(await queue.count()).waiting).toBe(13);
    });

    it('waits for a message that is not there yet', async () => {
      const waiting = queue.receive({ hideSeconds: 30, waitSeconds: 10 });
      await send('late');
      expect(expectOk(await waiting)).toMatchObject([{ body: 'late' }]);
    });

    it('stops waiting when its signal says so', async () => {
      const signal = AbortSignal.timeout(50);
      const waited = await queue.receive({ hideSeconds: 30, waitSeconds: 20, signal });
      expect(expectFailure(waited).code).toBe('timeout');
      const stopped = AbortSignal.abort();
      expect(expectFailure(await queue.send([{ body: 'never' }], stopped)).code).toBe('cancelled');
      const none = await queue.receive({ hideSeconds: 1, signal: stopped });
      expect(expectFailure(none).code).toBe('cancelled');
      expect(expectOk(await queue.count())).toEqual({ waiting: 0, hidden: 0 });
    });

    it('is unavailable when there is no such queue', async () => {
      const message = { id: 'a', receipt: 'b' };
      for (const result of [
        await removed.send([{ body: 'x' }]),
        await removed.receive({ hideSeconds: 1 }),
        await removed.remove([message]),
        await removed.release([message]),
        await removed.count(),
      ]) {
        expect(expectFailure(result).code).toBe('queue_unavailable');
      }
    });
  });
}
