import { beforeEach, describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  askForMore,
  createHits,
  createPagedWorld,
  idsOf,
  type PagedWorld,
} from '../test/support/paged-search.ts';
import type { SearchResponse } from './model.ts';
import type { Cache } from './ports.ts';

let world: PagedWorld;
beforeEach(() => {
  world = createPagedWorld();
});

describe('a list in a cache', () => {
  it('expires where any part of its list has given way, and is never answered in part', async () => {
    const ask = world.createPaged();
    const keysBefore = new Set(world.written.keys());
    const { next_cursor: cursor } = await askForMore(ask, { top_k: 90 });
    const keys = [...world.written.keys()].filter(
      (key) => !keysBefore.has(key) && key.startsWith('list'),
    );
    // 250 results are three pieces, and the head.
    expect(keys).toHaveLength(4);
    const readBy = { top_k: 20, cursor };
    for (const key of keys) {
      const value = world.written.get(key) ?? '';
      await world.cache.remove(key);
      const answer = await ask(readBy);
      // From 90 to 110 are the first piece and the second.
      if (key.endsWith(':2')) expectOk(answer);
      else expect(expectFailure(answer).code).toBe('cursor_expired');
      for (const garbage of ['', 'null', '[]', '[{"id":1}]', '{"request":', '{"request":"x"}']) {
        await world.cache.set(key, garbage);
        const { ok: isOk } = await ask(readBy);
        expect([key, garbage, isOk]).toEqual([key, garbage, key.endsWith(':2')]);
      }
      await world.cache.set(key, value);
      expectOk(await ask(readBy));
    }
  });
});

describe('without a cache that answers', () => {
  it('nobody begins, and nothing is world.searched in vain', async () => {
    const ask = world.createPaged({
      cache: {
        ...world.cache,
        get: async () => undefined,
        set: async () => false,
        isConnected: async () => false,
      },
    });
    const refused = expectFailure(await ask());
    expect(refused).toMatchObject({ code: 'cursor_unavailable' });
    expect(world.searched).toEqual([]);
  });

  it('nobody goes on, until it answers again', async () => {
    let answers = true;
    const lists: Cache = {
      ...world.cache,
      get: async (keys) => (answers ? world.cache.get(keys) : undefined),
    };
    const ask = world.createPaged({ cache: lists });
    const { next_cursor: cursor } = await askForMore(ask);
    answers = false;
    expect(expectFailure(await ask({ cursor })).code).toBe('cursor_unavailable');
    answers = true;
    expectOk(await ask({ cursor }));
    // It may stop between the head and the pieces.
    const halfway: Cache = {
      ...world.cache,
      get: async (keys) =>
        keys.some((key) => key.endsWith(':0')) ? undefined : world.cache.get(keys),
    };
    const half = await world.createPaged({ cache: halfway })({ cursor });
    expect(expectFailure(half).code).toBe('cursor_unavailable');
  });

  it.each([':0', ':2', '.head'])('that takes all but %s, nothing is promised', async (last) => {
    const isRefused = (key: string) =>
      last === '.head'
        ? /^list:[^:]*:[^:]*$/.test(key)
        : key.startsWith('list') && key.endsWith(last);
    const full: Cache = {
      ...world.cache,
      set: async (key, value, options) => !isRefused(key) && world.cache.set(key, value, options),
    };
    const refused = expectFailure(await world.createPaged({ cache: full })());
    expect(refused.code).toBe('cursor_unavailable');
  });
});

describe('much metadata', () => {
  it('is kept in pieces that a cache takes', async () => {
    world.hits = createHits(300, [20_000, 10, 1000]);
    const ask = world.createPaged();
    const seen: string[] = [];
    for (let cursor: string | null = '*'; cursor !== null;) {
      const page: SearchResponse = expectOk(await ask({ top_k: 100, cursor }));
      seen.push(...idsOf(page));
      cursor = page.next_cursor ?? null;
    }
    expect(seen).toEqual(world.hits.map(({ id }) => id));
    const lengths = [...world.written.values()].map(({ length }) => length);
    expect(Math.max(...lengths)).toBeLessThan(260_000);
  });

  it('is refused where it is too much for any', async () => {
    world.hits = createHits(1000, [9000]);
    const refused = expectFailure(await world.createPaged()());
    expect(refused.code).toBe('cursor_unavailable');
    expect(refused.detail).toContain('score_threshold');
    expect([...world.written.keys()].filter((key) => key.startsWith('list:'))).toEqual([]);
  });
});
