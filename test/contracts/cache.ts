import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../../core/ports.ts';

export interface CacheUnderTest {
  /** An empty one. */
  readonly cache: Cache;
  /** Lets that much time go by, for the cache. */
  pass(ms: number): Promise<void> | void;
}

/** What every cache does, whatever is behind it. */
export function describeCache(name: string, create: () => Promise<CacheUnderTest>): void {
  describe(`${name} is a cache`, () => {
    let cache: Cache;
    let pass: CacheUnderTest['pass'];

    beforeEach(async () => {
      ({ cache, pass } = await create());
    });
    afterEach(() => cache.close());

    it('has nothing at first, and says that it is there', async () => {
      expect(await cache.get(['a', 'b'])).toEqual([undefined, undefined]);
      expect(await cache.get([])).toEqual([]);
      expect(await cache.isConnected()).toBe(true);
    });

    it('gives what was set, in the order of the keys, as often as a key is named', async () => {
      expect(await cache.set('a', '1')).toBe(true);
      expect(await cache.set('b', '2')).toBe(true);
      expect(await cache.get(['b', 'x', 'a', 'b'])).toEqual(['2', undefined, '1', '2']);
    });

    it('answers many at once, each with its own', async () => {
      const numbers = Array.from({ length: 1000 }, (_, index) => index);
      await Promise.all(numbers.map((number) => cache.set(`key ${number}`, `value ${number}`)));
      const found = await Promise.all(
        numbers.map((number) => cache.get([`key ${number}`, `none ${number}`, 'key 0'])),
      );
      expect(found).toEqual(numbers.map((number) => [`value ${number}`, undefined, 'value 0']));
    });

    it('replaces a value', async () => {
      await cache.set('a', '1', { ttlSeconds: 60 });
      expect(await cache.set('a', '2')).toBe(true);
      expect(await cache.get(['a'])).toEqual(['2']);
    });

    it.each(['', ' \r\n\0', 'größer 🐕 犬', '{"results":[]}', 'x'.repeat(300_000)])(
      'keeps any text (%#)',
      async (text) => {
        expect(await cache.set(`key ${text.slice(0, 100)}`, text)).toBe(true);
        expect(await cache.get([`key ${text.slice(0, 100)}`])).toEqual([text]);
      },
    );

    it('sets only what is absent where it was asked to', async () => {
      expect(await cache.set('a', '1', { onlyIfAbsent: true })).toBe(true);
      expect(await cache.set('a', '2', { onlyIfAbsent: true })).toBe(false);
      expect(await cache.get(['a'])).toEqual(['1']);
      await cache.remove('a');
      expect(await cache.set('a', '3', { onlyIfAbsent: true, ttlSeconds: 60 })).toBe(true);
      expect(await cache.get(['a'])).toEqual(['3']);
    });

    it('lets one of many be the first', async () => {
      const set = await Promise.all(
        ['1', '2', '3'].map((value) => cache.set('a', value, { onlyIfAbsent: true })),
      );
      expect(set.filter(Boolean)).toHaveLength(1);
      expect(await cache.get(['a'])).toEqual([String(set.indexOf(true) + 1)]);
    });

    it('removes a key, and one that is not there', async () => {
      await cache.set('a', '1');
      await cache.set('b', '2');
      expect(await cache.remove('a')).toBe(true);
      expect(await cache.remove('a')).toBe(true);
      expect(await cache.get(['a', 'b'])).toEqual([undefined, '2']);
    });

    it('forgets a value when its time is over, and no other', async () => {
      await cache.set('short', '1', { ttlSeconds: 0.2 });
      await cache.set('long', '2', { ttlSeconds: 100 });
      await cache.set('for ever', '3');
      await pass(400);
      expect(await cache.get(['short', 'long', 'for ever'])).toEqual([undefined, '2', '3']);
      expect(await cache.set('short', '4', { onlyIfAbsent: true })).toBe(true);
    });

    it('lets a value live for less, and never for longer', async () => {
      await cache.set('for ever', '1');
      await cache.set('long', '2', { ttlSeconds: 100 });
      await cache.set('short', '3', { ttlSeconds: 0.2 });
      await cache.set('other', '4');
      for (const key of ['for ever', 'long']) expect(await cache.shorten(key, 0.2)).toBe(true);
      for (const key of ['for ever', 'short']) expect(await cache.shorten(key, 100)).toBe(true);
      expect(await cache.get(['for ever', 'long', 'short'])).toEqual(['1', '2', '3']);
      await pass(400);
      expect(await cache.get(['for ever', 'long', 'short', 'other'])).toEqual([
        undefined,
        undefined,
        undefined,
        '4',
      ]);
    });

    it('shortens nothing where there is nothing, and not what comes afterwards', async () => {
      expect(await cache.shorten('a', 0.2)).toBe(true);
      expect(await cache.get(['a'])).toEqual([undefined]);
      await cache.set('b', '1');
      await cache.shorten('b', 0.2);
      await cache.set('b', '2');
      await cache.set('a', '1');
      await pass(400);
      expect(await cache.get(['a', 'b'])).toEqual(['1', '2']);
    });

    it('does not keep what has no time to live', async () => {
      expect(await cache.set('a', '1', { ttlSeconds: 0 })).toBe(false);
      expect(await cache.get(['a'])).toEqual([undefined]);
    });
  });
}
