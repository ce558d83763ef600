import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRecord } from '../test/support/points.ts';
import { createSeenRecords, isSameRecord, stateOf } from './seen-records.ts';

const id = fc.oneof(
  fc.nat(40).map(String),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
);
const step = fc.record({
  do: fc.constantFrom('set', 'set', 'set', 'delete', 'mark'),
  id,
  state: fc.nat(2 ** 32 - 1),
});

it('remembers what a map would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4000, size: 'max' }), (steps) => {
      const seen = createSeenRecords();
      const map = new Map<string, { state: number; marked: boolean }>();
      for (const one of steps) {
        if (one.do === 'set') {
          seen.set(one.id, one.state);
          map.set(one.id, { state: one.state, marked: false });
        } else if (one.do === 'delete') {
          seen.delete(one.id);
          map.delete(one.id);
        } else {
          seen.mark(one.id);
          const known = map.get(one.id);
          if (known) known.marked = true;
        }
      }
      for (const one of steps) expect(seen.get(one.id)).toBe(map.get(one.id)?.state);
      const unmarked = [...map].flatMap(([key, { marked }]) => (marked ? [] : [key]));
      expect([...seen.unmarked()].toSorted()).toEqual(unmarked.toSorted());
    }),
    { numRuns: 60 },
  );
});

it('tells any change of a record, and no order of its keys', () => {
  const record = createRecord('7', { colour: 'red', tags: ['a', 'b'] });
  const turned = {
    ...record,
    metadata: { tags: ['a', 'b'], colour: 'red', ...createRecord('7').metadata },
  };
  expect(stateOf(turned)).toBe(stateOf(record));
  expect(isSameRecord(turned, record)).toBe(true);
  for (const other of [
    createRecord('7', { colour: 'blue', tags: ['a', 'b'] }),
    createRecord('7', { colour: 'red', tags: ['b', 'a'] }),
    { ...record, origin: { ...record.origin, version: '2' } },
    { ...record, origin: { ...record.origin, root: '/elsewhere' } },
  ]) {
    expect(stateOf(other)).not.toBe(stateOf(record));
    expect(isSameRecord(other, record)).toBe(false);
  }
});
