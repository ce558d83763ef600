import { describe, expect, it } from 'vitest';
import { tick } from '../test/support/held-encoder.ts';
import { inOrder, mapBounded } from './in-parallel.ts';

/** Work that lasts until the test ends it, and says how much of it is under way. */
function createHeldWork() {
  const ends = new Map<number, () => void>();
  return {
    running: () => [...ends.keys()],
    work: (item: number) =>
      new Promise<string>((resolve) => {
        ends.set(item, () => {
          ends.delete(item);
          resolve(`done ${item}`);
        });
      }),
    async end(item: number) {
      ends.get(item)?.();
      await tick();
    },
  };
}

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

describe('work on a list', () => {
  it('is done on so many items at a time, with the results in the order of the items', async () => {
    const held = createHeldWork();
    const all = mapBounded([1, 2, 3, 4], 2, held.work);
    await tick();
    expect(held.running()).toEqual([1, 2]);
    await held.end(2);
    expect(held.running()).toEqual([1, 3]);
    await held.end(3);
    await held.end(4);
    await held.end(1);
    expect(await all).toEqual(['done 1', 'done 2', 'done 3', 'done 4']);
    expect(await mapBounded([], 2, held.work)).toEqual([]);
  });

  it('throws when one does, and nothing is under way any more', async () => {
    const held = createHeldWork();
    let thrown = false;
    const all = mapBounded([1, 2], 2, async (item) => {
      if (item === 1) throw new Error('a bug');
      return held.work(item);
    }).catch(() => {
      thrown = true;
    });
    await tick();
    expect(thrown).toBe(false);
    await held.end(2);
    await all;
    expect(thrown).toBe(true);
  });
});

describe('work on what comes one after the other', () => {
  it('goes on behind what lasts, as far as it may, and gives results in order', async () => {
    const held = createHeldWork();
    const given: string[] = [];
    const all = (async () => {
      for await (const one of inOrder(from([1, 2, 3, 4]), 3, held.work)) given.push(one);
    })();
    await tick();
    expect(held.running()).toEqual([1, 2, 3]);
    await held.end(2);
    expect(given).toEqual([]);
    await held.end(1);
    expect(given).toEqual(['done 1', 'done 2']);
    expect(held.running()).toEqual([3, 4]);
    await held.end(4);
    await held.end(3);
    await all;
    expect(given).toEqual(['done 1', 'done 2', 'done 3', 'done 4']);
  });

  it('waits for what is under way when whoever reads leaves, or one throws', async () => {
    const held = createHeldWork();
    let left = false;
    const first = (async () => {
      for await (const _ of inOrder(from([1, 2, 3]), 2, held.work)) break;
      left = true;
    })();
    await tick();
    await held.end(1);
    expect(left).toBe(false);
    await held.end(2);
    await first;
    const broken = inOrder(from([1, 2]), 2, async (item) => {
      if (item === 2) throw new Error('a bug');
      return item;
    });
    await expect(Array.fromAsync(broken)).rejects.toThrow('a bug');
  });
});
