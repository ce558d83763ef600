import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { expect, it } from 'vitest';
import { createLru } from './lru.ts';

it('lets go of what was unused for longest', () => {
  const lru = createLru<number>(2);
  lru.set('a', 1);
  lru.set('b', 2);
  expect(lru.get('a')).toBe(1);
  lru.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => lru.get(key))).toEqual([1, undefined, 3]);
  lru.set('a', 4);
  lru.set('d', 5);
  expect(['a', 'c', 'd'].map((key) => lru.get(key))).toEqual([4, undefined, 5]);
});

it('keeps nothing when it may hold nothing, and nothing once cleared', () => {
  const none = createLru<number>(0);
  none.set('a', 1);
  expect(none.get('a')).toBeUndefined();
  const some = createLru<number>(2);
  some.set('a', 1);
  some.clear();
  expect(some.get('a')).toBeUndefined();
});

it('holds the last so many keys that were touched, whatever the order', () => {
  const steps = array(tuple(constantFrom('get', 'set'), constantFrom(...'abcdefgh')), {
    maxLength: 60,
  });
  assert(
    property(steps, integer({ min: 1, max: 5 }), (touches, capacity) => {
      const lru = createLru<string>(capacity);
      let recent: string[] = [];
      for (const [kind, key] of touches) {
        const known = recent.includes(key);
        if (kind === 'set') lru.set(key, key);
        else expect(lru.get(key)).toBe(known ? key : undefined);
        if (kind === 'set' || known) {
          recent = [...recent.filter((other) => other !== key), key].slice(-capacity);
        }
      }
    }),
  );
});

it('weighs what it keeps, and lets as many go as it must', () => {
  const lru = createLru<string>(10, (value, key) => key.length + value.length);
  for (const key of ['a', 'b', 'c']) lru.set(key, 'xx');
  lru.set('a', 'xxxx');
  expect(['a', 'b', 'c'].map((key) => lru.get(key))).toEqual(['xxxx', undefined, 'xx']);
  lru.set('d', 'xxxxx');
  expect(['a', 'c', 'd'].map((key) => lru.get(key))).toEqual([undefined, 'xx', 'xxxxx']);
  lru.set('c', 'far too long a text');
  expect(['c', 'd'].map((key) => lru.get(key))).toEqual([undefined, 'xxxxx']);
  lru.delete('d');
  lru.set('e', 'xxxxxxxxx');
  expect(lru.get('e')).toBe('xxxxxxxxx');
});
