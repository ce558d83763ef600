import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hitOf } from '../test/support/hits.ts';
import { byLook, usableBest } from './reranked-order.ts';

const results = (count: number) => Array.from({ length: count }, (_, at) => hitOf(String(at + 1)));
const idsOf = (hits: readonly { readonly id: string }[]) => hits.map(({ id }) => id);
const order = (count: number, look: { shown: string[]; best: string[] }) =>
  idsOf(byLook(results(count), look)).join(' ');
const first = (count: number) => idsOf(results(count));

describe('results by a look at them', () => {
  it('begin with the best in their order, and the others keep theirs', () => {
    expect(order(6, { shown: first(6), best: ['5', '2'] })).toBe('5 2 1 3 4 6');
    expect(order(12, { shown: first(10), best: ['10', '9', '8', '7'] })).toBe(
      '10 9 8 7 1 2 3 4 5 6 11 12',
    );
  });

  it('leave what was not shown in its place', () => {
    expect(order(5, { shown: ['2', '3', '5'], best: ['5'] })).toBe('1 5 2 4 3');
    expect(order(4, { shown: ['1', '2'], best: ['4', '2'] })).toBe('2 1 3 4');
  });

  it('are as they were where nothing usable was said', () => {
    expect(order(3, { shown: first(3), best: [] })).toBe('1 2 3');
    expect(order(3, { shown: first(3), best: ['17', 'best', ''] })).toBe('1 2 3');
    expect(order(3, { shown: [], best: ['3'] })).toBe('1 2 3');
  });

  it('are the same results whatever was said, and only what was shown moves', () => {
    const id = fc.oneof(fc.nat(25).map(String), fc.string(), fc.constant('__proto__'));
    const look = fc.record({ shown: fc.array(id, { maxLength: 12 }), best: fc.array(id) });
    const property = fc.property(fc.nat(20), look, (count, said) => {
      const before = results(count);
      const after = byLook(before, said);
      expect(idsOf(after).toSorted()).toEqual(idsOf(before).toSorted());
      const moved = before.filter((hit, at) => after[at] !== hit);
      expect(moved.filter(({ id: ofMoved }) => !said.shown.includes(ofMoved))).toEqual([]);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('what can be used of an answer', () => {
  it('is what was shown, each once, four at most', () => {
    const shown = ['1', '2', '3', '4', '5', '6'];
    expect(usableBest(['6', '6', '9', '1', 'x', '2', '3', '4'], shown)).toEqual([
      '6',
      '1',
      '2',
      '3',
    ]);
  });
});
