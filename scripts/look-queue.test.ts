import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import type { Indexer, Outcome } from '../core/indexer.ts';
import { err, ok } from '../core/result.ts';
import { createLookQueue } from './look-queue.ts';

type Answer = Omit<Outcome, 'id' | 'path'> | 'store_unavailable';

const indexed: Answer = { outcome: 'indexed' };
const corrupt: Answer = { outcome: 'failed', code: 'image_corrupt', reason: 'It is damaged' };
const unreadable: Answer = { outcome: 'failed', code: 'image_unreadable', reason: 'It is away' };

/** Answers each look at a key with the next of its answers, and with the last from then on. */
function createLooker(answers: Readonly<Record<string, readonly Answer[]>> = {}) {
  const calls: string[][] = [];
  const seen = new Map<string, number>();
  const look: Indexer['look'] = async (keys) => {
    calls.push([...keys]);
    await sleep(5);
    const outcomes: Outcome[] = [];
    let whole = false;
    for (const path of keys) {
      const place = seen.get(path) ?? 0;
      seen.set(path, place + 1);
      const answer = answers[path]?.[place] ?? answers[path]?.at(-1) ?? indexed;
      if (answer === 'store_unavailable') whole = true;
      else outcomes.push({ id: path, path, ...answer });
    }
    return whole ? err(failure('store_unavailable', 'The store is away')) : ok(outcomes);
  };
  const warned: unknown[] = [];
  const logger = { warn: (fields: Readonly<Record<string, unknown>>) => void warned.push(fields) };
  return { look, calls, warned, logger };
}

async function untilQuiet(calls: readonly unknown[]): Promise<void> {
  // By turns, not by time alone: in a process that stood still all timers are due at once.
  for (let quiet = 0, before = -1; quiet < 8;) {
    quiet = before === calls.length ? quiet + 1 : 0;
    before = calls.length;
    await sleep(10);
  }
}

describe('the queue of keys to look at', () => {
  it('looks at all of them, batch by batch, each key once', async () => {
    const { look, calls, logger } = createLooker();
    const queue = createLookQueue({ look, logger, batchSize: 2 });
    queue.add(['a']);
    queue.add(['b', 'c', 'b', 'd']);
    queue.add(['c']);
    await untilQuiet(calls);
    expect(calls).toEqual([['a'], ['b', 'c'], ['d']]);
    queue.add(['b']);
    await untilQuiet(calls);
    expect(calls.slice(3)).toEqual([['b']]);
  });

  it('goes on after it was given none', async () => {
    const { look, calls, logger } = createLooker();
    const queue = createLookQueue({ look, logger });
    queue.add([]);
    queue.add(['a']);
    await untilQuiet(calls);
    expect(calls).toEqual([['a']]);
  });

  it('looks again at a key that comes while it is looked at', async () => {
    const { look, calls, logger } = createLooker();
    const queue = createLookQueue({ look, logger });
    queue.add(['a']);
    queue.add(['a']);
    await untilQuiet(calls);
    expect(calls).toEqual([['a'], ['a']]);
  });

  it('tries again what may work later, and that alone', async () => {
    const { look, calls, warned, logger } = createLooker({
      bad: [corrupt],
      slow: [unreadable, unreadable, indexed],
    });
    const queue = createLookQueue({ look, logger, waitMs: 1 });
    queue.add(['good']);
    await untilQuiet(calls);
    queue.add(['good', 'bad', 'slow']);
    await untilQuiet(calls);
    expect(calls.slice(1)).toEqual([['good', 'bad', 'slow'], ['slow'], ['slow']]);
    expect(warned).toEqual([{ key: 'bad', reason: 'It is damaged' }]);
  });

  it('says what it gives up, and goes on with the rest', async () => {
    const { look, calls, warned, logger } = createLooker({ a: ['store_unavailable'] });
    const queue = createLookQueue({ look, logger, waitMs: 1, tries: 3 });
    queue.add(['a']);
    queue.add(['b']);
    await untilQuiet(calls);
    expect(calls).toEqual([['a'], ['a'], ['a'], ['b']]);
    expect(warned).toEqual([{ key: 'a', reason: 'The store is away' }]);
  });

  it('ends with the batch that is under way', async () => {
    const { look, calls, logger } = createLooker({ a: [unreadable] });
    const queue = createLookQueue({ look, logger, batchSize: 1, waitMs: 60_000 });
    queue.add(['a', 'b']);
    await queue.close();
    queue.add(['c']);
    await untilQuiet(calls);
    expect(calls).toEqual([['a']]);
  });
});
