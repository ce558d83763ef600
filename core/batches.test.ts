import { expect, it } from 'vitest';
import { inBatches } from './batches.ts';

async function* from(items: readonly number[]) {
  yield* items;
}

async function batchesOf(items: readonly number[], maxCount: number, maxWeight: number) {
  return Array.fromAsync(inBatches(from(items), { maxCount, maxWeight }, (item) => item));
}

it('closes a batch at its count', async () => {
  expect(await batchesOf([1, 1, 1, 1, 1], 2, 100)).toEqual([[1, 1], [1, 1], [1]]);
});

it('closes a batch before it grows too heavy', async () => {
  expect(await batchesOf([4, 4, 4, 1], 10, 8)).toEqual([
    [4, 4],
    [4, 1],
  ]);
});

it('gives an item that is too heavy for any batch one of its own', async () => {
  expect(await batchesOf([1, 50, 1], 10, 8)).toEqual([[1], [50], [1]]);
});

it('gives no batch for nothing', async () => {
  expect(await batchesOf([], 10, 8)).toEqual([]);
});
