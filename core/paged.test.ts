import { setTimeout as sleep } from 'node:timers/promises';
import { array, assert, asyncProperty, integer, nat, record } from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  askForMore,
  createHits,
  createPagedWorld,
  idsOf,
  type PagedWorld,
} from '../test/support/paged-search.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createResponse } from '../test/support/search-app.ts';
import { failure } from './failure.ts';
import { createGeneration } from './generation.ts';
import { type Hit, SearchQuery, type SearchResponse } from './model.ts';
import { withPaging } from './paged.ts';
import { err, ok } from './result.ts';

let world: PagedWorld;
beforeEach(() => {
  world = createPagedWorld();
});

describe('withPaging', () => {
  it('leaves alone who asks for no page', async () => {
    const answer = ok(createResponse());
    const paged = withPaging(async () => answer, {
      searchAll: world.searchAll,
      cache: world.cache,
      index: 'images',
    });
    expect(await paged(SearchQuery.parse({ query: 'a dog' }), requestContext())).toBe(answer);
    expect(world.searched).toEqual([]);
    expect(world.written.size).toBe(0);
  });

  it('searches once, and answers page by page to the end', async () => {
    const ask = world.createPaged();
    const first = await askForMore(ask, { top_k: 100 });
    expect(first).toMatchObject({ total: 100, cached: false, query: 'a dog', model: 'fake' });
    const second = await askForMore(ask, { top_k: 100, cursor: first.next_cursor });
    expect(second).toMatchObject({ total: 100, cached: true, query: 'a dog', model: 'fake' });
    const last = expectOk(await ask({ top_k: 100, cursor: second.next_cursor }));
    expect(last).toMatchObject({ total: 50, cached: true, next_cursor: null });
    expect([first, second, last].flatMap(idsOf)).toEqual(world.hits.map(({ id }) => id));
    expect([first, second, last].flatMap(({ results }) => results)).toEqual(world.hits);
    expect(world.searched.map(({ query }) => [query.top_k, query.cursor])).toEqual([[1000, null]]);
    for (const page of [first, second, last]) expect(page.latency_ms).toBeLessThan(99_999);
  });

  it('gives every result once and in order, whatever the pages and whatever is indexed', async () => {
    const changes = array(record({ topK: integer({ min: 1, max: 100 }), added: nat(30) }), {
      minLength: 1,
      maxLength: 20,
    });
    const lengths = array(nat(6000), { minLength: 1, maxLength: 5 });
    const property = asyncProperty(nat(1200), lengths, changes, async (count, notes, steps) => {
      world.hits = createHits(count, notes);
      const frozen = world.hits.slice(0, 1000);
      const ask = world.createPaged();
      const seen: Hit[] = [];
      let cursor: string | null = '*';
      for (let step = 0; cursor !== null; step++) {
        const { topK = 100, added = 0 } = steps[step % steps.length] ?? {};
        const page: SearchResponse = expectOk(await ask({ top_k: topK, cursor }));
        expect(page.total).toBe(Math.min(topK, frozen.length - seen.length));
        seen.push(...page.results);
        cursor = page.next_cursor ?? null;
        world.hits = [
          ...createHits(added).map((hit) => ({ ...hit, score: 2 })),
          ...world.hits.slice(1),
        ];
      }
      expect(seen).toEqual(frozen);
    });
    await assert(property, { numRuns: 60 });
  });

  it('keeps nothing where the first page is all there is', async () => {
    world.hits = createHits(10);
    const page = expectOk(await world.createPaged()({ top_k: 10 }));
    expect(page).toMatchObject({ total: 10, next_cursor: null });
    expect([...world.written.keys()].filter((key) => key.startsWith('list:'))).toEqual([]);
    world.hits = [];
    expect(expectOk(await world.createPaged()())).toMatchObject({ total: 0, next_cursor: null });
  });

  it('searches once for all who begin at once, and again for who knows of a change', async () => {
    const ask = world.createPaged();
    const answers = await Promise.all(['a dog', 'A  Dog', 'a dog'].map((query) => ask({ query })));
    const pages = answers.map(expectOk);
    expect(world.searched).toHaveLength(1);
    expect(pages.map(({ query }) => query)).toEqual(['a dog', 'A  Dog', 'a dog']);
    expect(new Set(pages.map(({ next_cursor }) => next_cursor)).size).toBe(1);
    const before = ask();
    while (world.searched.length < 2) await sleep(1);
    await createGeneration(world.cache, 'images').end();
    await Promise.all([before, ask()]);
    expect(world.searched).toHaveLength(3);
    const generations = world.searched.map(({ context }) => context.generation);
    expect(new Set(generations).size).toBe(2);
  });

  it('begins while the index changes all the time, and shares nothing then', async () => {
    const restless = {
      ...world.cache,
      get: async (keys: readonly string[]) =>
        (await world.cache.get(keys))?.map((value, place) =>
          keys[place]?.startsWith('generation') === true ? undefined : value,
        ),
    };
    const ask = world.createPaged({ cache: restless });
    const pages = await Promise.all([askForMore(ask), askForMore(ask)]);
    expect(new Set(pages.map(({ next_cursor }) => next_cursor)).size).toBe(2);
    const generations = world.searched.map(({ context }) => context.generation);
    expect(new Set(generations).size).toBe(2);
    expect(generations).not.toContain(undefined);
  });

  it('names every list anew, so that nobody can guess it', async () => {
    const ask = world.createPaged();
    const cursors = new Set<string>();
    for (let i = 0; i < 20; i++) cursors.add((await askForMore(ask)).next_cursor);
    expect(cursors.size).toBe(20);
  });

  it('gives on the failure of a search', async () => {
    const broken = err(failure('store_unavailable', 'gone'));
    const ask = world.createPaged({ searchAll: async () => broken });
    expect(await ask()).toEqual(broken);
  });

  it('lets go who is out of time', async () => {
    const ask = world.createPaged({ searchAll: () => new Promise(() => {}) });
    const answer = await ask({}, requestContext({ signal: AbortSignal.timeout(20) }));
    expect(expectFailure(answer).code).toBe('timeout');
  });

  it('refuses a cursor where nothing keeps lists', async () => {
    const query = SearchQuery.parse({ query: 'a dog', cursor: '*' });
    const refused = expectFailure(await withPaging(world.searchAll)(query, requestContext()));
    expect(refused.code).toBe('cursor_unavailable');
    expect(refused.detail).toContain('REDIS_ENABLED');
  });
});

describe('a cursor', () => {
  it('goes with the request that it came from, whatever its letters and its pages', async () => {
    const ask = world.createPaged();
    const { next_cursor: cursor } = await askForMore(ask, { filters: { a: 1, b: 2 } });
    const same = { query: ' A  DOG', filters: { b: 2, a: 1 }, top_k: 7, cursor };
    const page = expectOk(await ask(same));
    expect(page).toMatchObject({ query: 'A  DOG', total: 7 });
    expect(idsOf(page)).toEqual(world.hits.slice(10, 17).map(({ id }) => id));
  });

  it.each([
    { query: 'a cat' },
    { filters: { category: 'animals' } },
    { score_threshold: 0.1 },
    { include_explanation: true },
  ])('is refused with another: %j', async (request) => {
    const ask = world.createPaged();
    const { next_cursor: cursor } = await askForMore(ask);
    const refused = expectFailure(await ask({ ...request, cursor }));
    expect(refused).toMatchObject({ code: 'invalid_field', errors: [{ path: 'cursor' }] });
    expectOk(await ask({ cursor }));
  });

  it('that nobody gave out leads nowhere', async () => {
    const ask = world.createPaged();
    const { next_cursor } = await askForMore(ask);
    const [list = ''] = next_cursor.split('.');
    const past = expectFailure(await ask({ cursor: `${list}.250` }));
    expect(past).toMatchObject({ code: 'invalid_field', errors: [{ path: 'cursor' }] });
    expect(idsOf(expectOk(await ask({ cursor: `${list}.249` })))).toEqual(['249']);
    const other = `${list.slice(1)}${list.startsWith('a') ? 'b' : 'a'}`;
    expect(expectFailure(await ask({ cursor: `${other}.10` })).code).toBe('cursor_expired');
    // Keys of the cache are no lists.
    expect(expectFailure(await ask({ cursor: `${'-'.repeat(22)}.10` })).code).toBe(
      'cursor_expired',
    );
  });

  it('of one index is none of another', async () => {
    const { next_cursor: cursor } = await askForMore(world.createPaged());
    const other = world.createPaged({ index: 'others' });
    expect(expectFailure(await other({ cursor })).code).toBe('cursor_expired');
  });

  it('works in every process that shares the cache, for its time', async () => {
    const { next_cursor: cursor } = await askForMore(world.createPaged({ ttlSeconds: 600 }));
    world.clockMs = 599_999;
    expectOk(await world.createPaged()({ cursor }));
    world.clockMs = 600_001;
    const expired = expectFailure(await world.createPaged()({ cursor }));
    expect(expired.code).toBe('cursor_expired');
    expect(expired.detail).toContain('"*"');
  });
});
