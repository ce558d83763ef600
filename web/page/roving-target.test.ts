import { expect, test } from 'vitest';
import { targetOf } from './roving-target.ts';

/** Three rows of different widths: 0 1 2 / 3 4 / 5 6 7 8. */
const places = [
  [0, 100, 0],
  [110, 300, 0],
  [310, 400, 0],
  [0, 250, 150],
  [260, 400, 150],
  [0, 90, 320],
  [100, 190, 320],
  [200, 290, 320],
  [300, 400, 320],
].map(([left = 0, right = 0, top = 0]) => ({ left, right, top }));

test.each([
  ['ArrowRight', 2, 3],
  ['ArrowRight', 8, 8],
  ['ArrowLeft', 3, 2],
  ['ArrowLeft', 0, 0],
  ['Home', 7, 0],
  ['End', 1, 8],
  ['ArrowDown', 0, 3],
  ['ArrowDown', 2, 4],
  ['ArrowDown', 4, 8],
  ['ArrowDown', 6, 'stay'],
  ['ArrowUp', 8, 4],
  ['ArrowUp', 3, 0],
  ['ArrowUp', 1, 'leave'],
  ['Enter', 1, undefined],
] as const)('%s leads from card %i to %s', (key, index, target) => {
  expect(targetOf(key, index, places)).toBe(target);
});
