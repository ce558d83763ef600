import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Failure, failure, failures } from '../core/failure.ts';
import type { NewMessage } from '../core/queue.ts';
import { err, ok, type Result } from '../core/result.ts';
import { byBody, createBatch } from '../test/support/recorded-batch.ts';
import type { BatchWork } from './batch.ts';

it('acknowledges exactly what was settled as done or is with the dead letters, whatever happens', async () => {
  const kinds = ['ok', 'late', 'never', 'left', 'throw'] as const;
  const messages = fc.array(
    fc.record({ body: fc.constantFrom(...kinds), receives: fc.integer({ min: 1, max: 5 }) }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(messages, fc.boolean(), async (some, takesDead) => {
      const settled = new Map<string, Result<unknown, Failure>>();
      const work: BatchWork = (given, context) =>
        byBody(given, {
          ...context,
          settle: (message, result) => {
            if (!settled.has(message.id)) settled.set(message.id, result);
            context.settle(message, result);
          },
        });
      const dead: NewMessage[] = [];
      const { run } = createBatch(work, {
        deadLetters: {
          send: async (sent) => {
            if (!takesDead) return err(failure('queue_unavailable', 'No'));
            dead.push(...sent);
            return ok(undefined);
          },
        },
      });
      const again = await run(some);
      const expected = some.flatMap(({ receives }, place) => {
        const id = `message-${place}`;
        const result = settled.get(id);
        if (result === undefined) return [id];
        if (result.ok || !failures[result.error.code].retry) return [];
        return receives >= 3 && takesDead ? [] : [id];
      });
      expect(again).toEqual(expected);
      const lost = some.filter(({ body, receives }) => body === 'late' && receives >= 3);
      expect(dead).toHaveLength(takesDead ? lost.length : 0);
    }),
    { numRuns: 200 },
  );
});
