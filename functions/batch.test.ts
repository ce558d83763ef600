import { describe, expect, it } from 'vitest';
import { type Async, failure, failures } from '../core/failure.ts';
import type { NewMessage } from '../core/queue.ts';
import { err, ok } from '../core/result.ts';
import { byBody, createBatch as create, late, plenty } from '../test/support/recorded-batch.ts';
import { contextWith, failedIds, sqsEvent } from '../test/support/sqs-events.ts';

describe('a batch of messages', () => {
  it('is done when all of it is', async () => {
    const { run, verdicts, lines } = create(byBody);
    expect(await run([{ body: 'ok' }, { body: 'ok' }])).toEqual([]);
    expect(verdicts.map(({ fate }) => fate)).toEqual(['done', 'done']);
    expect(lines).toEqual([]);
  });

  it('may be empty', async () => {
    expect(await create(byBody).run([])).toEqual([]);
  });

  it.each([undefined, null, 'text', {}, { Records: 1 }, { Records: [{ body: 'ok' }] }])(
    'is given back as a whole where it is none of a queue (%#)',
    async (event) => {
      let worked = false;
      const { handler } = create(async () => {
        worked = true;
      });
      await expect(handler(event, contextWith(plenty))).rejects.toThrow(/no event of SQS/);
      expect(worked).toBe(false);
    },
  );

  it('may have messages that lack everything but an id', async () => {
    const seen: unknown[] = [];
    const { handler } = create(async (messages, { settle }) => {
      for (const message of messages) {
        seen.push(message);
        settle(message, err(late));
      }
    });
    const event = {
      Records: [
        { messageId: '1' },
        { messageId: '2', attributes: { ApproximateReceiveCount: '' } },
      ],
    };
    const answer = await handler(event, contextWith(plenty));
    expect(failedIds(answer)).toEqual(['1', '2']);
    expect(seen).toMatchObject([
      { body: '', receives: 1, sentAtMs: undefined },
      { body: '', receives: 1 },
    ]);
  });

  it('gives back what may work later, and acknowledges what never will', async () => {
    const { run, verdicts, lines } = create(byBody);
    const bodies = ['ok', 'late', 'never', 'late', 'ok'];
    expect(await run(bodies.map((body) => ({ body })))).toEqual(['message-1', 'message-3']);
    expect(verdicts.map(({ fate, code }) => [fate, code])).toEqual([
      ['done', undefined],
      ['retried', 'store_unavailable'],
      ['refused', 'not_an_image'],
      ['retried', 'store_unavailable'],
      ['done', undefined],
    ]);
    expect(lines).toMatchObject([
      { fate: 'retried', count: 2, messages: ['message-1', 'message-3'] },
      { fate: 'refused', count: 1, reason: 'not_an_image: Cannot read it' },
    ]);
  });

  it('goes by the table for every failure that there is', async () => {
    const codes = Object.keys(failures) as (keyof typeof failures)[];
    const { run } = create(async (messages, { settle }) => {
      for (const message of messages) {
        const code = codes.find((each) => each === message.body);
        settle(message, err(failure(code ?? 'timeout', 'Cannot')));
      }
    });
    const again = await run(codes.map((code) => ({ id: code, body: code })));
    expect(again).toEqual(codes.filter((code) => failures[code].retry));
  });

  it('counts the first word about a message, and none that comes after the answer', async () => {
    const after = Promise.withResolvers<void>();
    const { run } = create(
      async ([first, second], { settle }) => {
        if (first) settle(first, err(late));
        if (first) settle(first, ok(undefined));
        await after.promise;
        if (second) settle(second, ok(undefined));
      },
      { marginMs: 100 },
    );
    expect(await run([{ body: '' }, { body: '' }], 250)).toEqual(['message-0', 'message-1']);
    after.resolve();
  });
});

describe('a message that fails for the third time', () => {
  it('goes to the dead-letter queue with its reason, and is acknowledged', async () => {
    const { run, dead, verdicts } = create(byBody);
    const messages = [2, 3, 4].map((receives) => ({ body: 'late', receives }));
    expect(await run([...messages, { body: 'ok', receives: 9 }])).toEqual(['message-0']);
    const reason = 'store_unavailable: Cannot reach it';
    expect(dead).toEqual([
      { body: 'late', reason },
      { body: 'late', reason },
    ]);
    expect(verdicts.map(({ fate }) => fate)).toEqual([
      'retried',
      'dead_lettered',
      'dead_lettered',
      'done',
    ]);
  });

  it('is left to the queue where the dead-letter queue does not take it', async () => {
    const refuse = async ([message]: readonly NewMessage[]): Async<void> =>
      message?.reason?.includes('first') ? err(failure('queue_unavailable', 'No')) : ok(undefined);
    const { run, lines, verdicts } = create(
      async ([first, second], { settle }) => {
        if (first) settle(first, err(failure('timeout', 'first')));
        if (second) settle(second, err(failure('timeout', 'second')));
      },
      { deadLetters: { send: refuse } },
    );
    const messages = [1, 2].map((n) => ({ body: String(n), receives: 3 }));
    expect(await run(messages)).toEqual(['message-0']);
    expect(verdicts.map(({ fate }) => fate)).toEqual(['retried', 'dead_lettered']);
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('is left to the queue where there is no dead-letter queue', async () => {
    const { run } = create(byBody, { deadLetters: undefined });
    expect(await run([{ body: 'late', receives: 30 }])).toEqual(['message-0']);
  });

  it('is given back when the dead-letter queue takes too long', async () => {
    const { run } = create(byBody, {
      marginMs: 200,
      deadLetters: {
        send: (_, signal) =>
          new Promise((resolve) =>
            signal?.addEventListener('abort', () => resolve(err(failure('timeout', 'Late')))),
          ),
      },
    });
    expect(await run([{ body: 'late', receives: 3 }], 500)).toEqual(['message-0']);
  });
});

describe('a bug', () => {
  it('gives back the message that meets it, and harms no other', async () => {
    const { run, dead, lines, verdicts } = create(byBody);
    const bodies = ['ok', 'throw', 'ok', 'never', 'late'];
    expect(await run(bodies.map((body) => ({ body, receives: 2 })))).toEqual([
      'message-1',
      'message-4',
    ]);
    expect(verdicts.map(({ fate, code }) => `${fate} ${code}`)).toEqual([
      'done undefined',
      'retried bug',
      'done undefined',
      'refused not_an_image',
      'retried store_unavailable',
    ]);
    expect(dead).toEqual([]);
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  it('gives back all that it meets, however often they were received', async () => {
    const { run, dead } = create(() => Promise.reject(new Error('A bug')));
    const messages = [{ body: '', receives: 8 }, { body: '' }];
    expect(await run(messages)).toEqual(['message-0', 'message-1']);
    expect(dead).toEqual([]);
  });
});

describe('an invocation that is short of time', () => {
  it('tells the work, and gives back what is not done by then', async () => {
    const left: number[] = [];
    const { run, verdicts, dead } = create(
      async (messages, { settle, remainingMs, signal }) => {
        for (const message of messages) {
          left.push(remainingMs());
          if (signal.aborted) return;
          if (message.body === 'slow') await aborted(signal);
          settle(message, ok(undefined));
        }
      },
      { marginMs: 100 },
    );
    const bodies = ['ok', 'slow', 'ok', 'ok'];
    const messages = bodies.map((body) => ({ body, receives: 3 }));
    expect(await run(messages, 400)).toEqual(['message-2', 'message-3']);
    expect(left[0]).toBeGreaterThan(0);
    expect(left[0]).toBeLessThanOrEqual(300);
    expect(left.at(-1)).toBe(0);
    expect(verdicts.map(({ code }) => code)).toEqual([undefined, undefined, 'timeout', 'timeout']);
    // They have not failed: nobody has begun.
    expect(dead).toEqual([]);
  });

  it('gives back what was cut short, and does not blame the message', async () => {
    const { run, dead } = create(
      async ([message], { settle, signal }) => {
        await aborted(signal);
        if (message) settle(message, err(failure('timeout', 'The deadline has passed')));
      },
      { marginMs: 100 },
    );
    expect(await run([{ body: '', receives: 3 }], 300)).toEqual(['message-0']);
    expect(dead).toEqual([]);
  });

  it('begins nothing when there is no time at all', async () => {
    let worked = false;
    const { run } = create(async () => {
      worked = true;
    });
    expect(await run([{ body: 'ok' }], 1500)).toEqual(['message-0']);
    expect(worked).toBe(false);
  });

  it('answers in time whatever the work does, and what that says later is not heard', async () => {
    const context = contextWith(600);
    const { handler } = create(() => new Promise(() => {}), { marginMs: 300 });
    expect(failedIds(await handler(sqsEvent([{ body: 'ok' }]), context))).toEqual(['message-0']);
    expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0);
  });
});

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener('abort', resolve));
}
