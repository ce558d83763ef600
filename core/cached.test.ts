import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createPoint, unit } from '../test/support/points.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createLog, createResponse } from '../test/support/search-app.ts';
import { withCache } from './cached.ts';
import { failure } from './failure.ts';
import { createGeneration, withGeneration } from './generation.ts';
import { SearchQuery } from './model.ts';
import type { Cache } from './ports.ts';
import { err, ok } from './result.ts';
import type { Search } from './search.ts';

let clockMs: number;
let cache: Cache;
let answers: ReturnType<Search>[];
let asked: (string | undefined)[];
beforeEach(() => {
  clockMs = 0;
  cache = createMemoryCache({ now: () => clockMs });
  answers = [];
  asked = [];
});

/** Answers what it is told to, else the number of the call as `total`. */
const search: Search = (query, { generation }) => {
  asked.push(generation);
  const response = createResponse({ query: query.query, total: asked.length });
  return answers.shift() ?? Promise.resolve(ok(response));
};

function createCached(more: Partial<Parameters<typeof withCache>[1]> = {}, over: Search = search) {
  const log = createLog();
  const cached = withCache(over, {
    cache,
    index: 'images',
    modelId: 'fake',
    ttlSeconds: 100,
    now: () => clockMs,
    logger: log,
    ...more,
  });
  const ask = async (request: object = {}) => {
    const context = requestContext();
    const answer = await cached(SearchQuery.parse({ query: 'a dog', ...request }), context);
    return { answer, state: context.notes.cache };
  };
  return { ask, log };
}

/** State and number of the search that each of these was answered from. */
async function all(ask: ReturnType<typeof createCached>['ask'], requests: readonly object[]) {
  const seen: [string | undefined, number][] = [];
  for (const request of requests) {
    const { answer, state } = await ask(request);
    const { total, cached } = expectOk(answer);
    expect(cached).toBe(state === 'hit');
    seen.push([state, total]);
  }
  return seen;
}

describe('withCache', () => {
  it('searches once for what means the same, and answers with the words that were asked', async () => {
    const { ask } = createCached();
    const requests = [{}, {}, { query: ' A  DOG' }, { top_k: 3 }];
    expect(await all(ask, requests)).toEqual([
      ['miss', 1],
      ['hit', 1],
      ['hit', 1],
      ['miss', 2],
    ]);
    expect(expectOk((await ask({ query: 'A DOG' })).answer).query).toBe('A DOG');
  });

  it('finds what another process has kept, and what comes back after it was at hand', async () => {
    expect(await all(createCached().ask, [{}])).toEqual([['miss', 1]]);
    expect(await all(createCached().ask, [{}, {}])).toEqual([
      ['hit', 1],
      ['hit', 1],
    ]);
  });

  it('keeps empty answers, and no failures', async () => {
    const { ask } = createCached();
    answers.push(Promise.resolve(err(failure('timeout', 'late'))));
    expect(expectFailure((await ask()).answer).code).toBe('timeout');
    answers.push(Promise.resolve(ok(createResponse({ total: 0 }))));
    expect(await all(ask, [{}, {}])).toEqual([
      ['miss', 0],
      ['hit', 0],
    ]);
  });

  it('forgets after its time', async () => {
    const { ask } = createCached({ ttlSeconds: 10 });
    await ask();
    clockMs = 9_999;
    expect((await ask()).state).toBe('hit');
    clockMs = 10_001;
    expect((await ask()).state).toBe('miss');
  });

  it('shares nothing between indexes and models', async () => {
    await createCached().ask();
    expect((await createCached({ index: 'others' }).ask()).state).toBe('miss');
    expect((await createCached({ modelId: 'other' }).ask()).state).toBe('miss');
  });

  it('does not keep answers of another model, and says so once', async () => {
    const { ask, log } = createCached({ modelId: 'expected' });
    expect(await all(ask, [{}, {}])).toEqual([
      ['miss', 1],
      ['miss', 2],
    ]);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]?.message).toContain('expected): fake');
  });

  it('takes what is none of its own for nothing', async () => {
    const { ask } = createCached();
    await ask();
    for (const garbage of ['', 'null', '{"generation":', '{"generation":"x","response":{}}']) {
      const lying: Cache = {
        ...cache,
        get: async (keys) =>
          (await cache.get(keys))?.map((value, place) =>
            keys[place]?.startsWith('answer') === true ? garbage : value,
          ),
      };
      expect((await createCached({ cache: lying }).ask()).state).toBe('miss');
    }
  });

  it('searches where the cache can not be asked or written, and says bypass', async () => {
    const broken: Cache = {
      ...cache,
      get: () => Promise.resolve(undefined),
      set: () => Promise.resolve(false),
    };
    expect(await all(createCached({ cache: broken }).ask, [{}, {}])).toEqual([
      ['bypass', 1],
      ['bypass', 2],
    ]);
    const full: Cache = { ...cache, set: () => Promise.resolve(false) };
    expect(await all(createCached({ cache: full }).ask, [{}, {}])).toEqual([
      ['miss', 3],
      ['miss', 4],
    ]);
    expect(asked).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('a change of the index', () => {
  const point = createPoint('1', unit(Float32Array.of(1, 0)));

  function createIndex() {
    const log = createLog();
    const generation = createGeneration(cache, 'images');
    const memory = createMemoryStore({ dimensions: 2 });
    return { log, store: withGeneration(memory, generation, { logger: log }), memory };
  }

  it('is seen by the next search of every process', async () => {
    const { store } = createIndex();
    const [one, other] = [createCached(), createCached()];
    await one.ask();
    expect((await other.ask()).state).toBe('hit');
    expectOk(await store.upsert([point]));
    expect(await all(one.ask, [{}, {}])).toEqual([
      ['miss', 2],
      ['hit', 2],
    ]);
    expect((await other.ask()).state).toBe('hit');
    expectOk(await store.remove(['1']));
    expect(await all(other.ask, [{}])).toEqual([['miss', 3]]);
    expect(await all(one.ask, [{}])).toEqual([['hit', 3]]);
  });

  it('is not hidden by an answer that was searched for before and kept after it', async () => {
    const { store } = createIndex();
    const { ask } = createCached();
    const slow = Promise.withResolvers<Awaited<ReturnType<Search>>>();
    answers.push(slow.promise);
    const before = ask();
    await new Promise(setImmediate);
    expectOk(await store.upsert([point]));
    slow.resolve(ok(createResponse({ total: 99 })));
    expect(expectOk((await before).answer).total).toBe(99);
    expect(await all(ask, [{}])).toEqual([['miss', 2]]);
    expect(new Set(asked).size).toBe(2);
  });

  it('counts too when the store failed half way', async () => {
    const { memory } = createIndex();
    const failing = { ...memory, upsert: async () => err(failure('store_unavailable', 'half')) };
    const store = withGeneration(failing, createGeneration(cache, 'images'), {
      logger: createLog(),
    });
    const { ask } = createCached();
    await ask();
    expectFailure(await store.upsert([point]));
    expect((await ask()).state).toBe('miss');
  });

  it('is told again until the cache has heard of it, and else said in the log', async () => {
    const { memory } = createIndex();
    for (const [heard, lines] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const log = createLog();
      const ends = [false, false, heard];
      const store = withGeneration(
        memory,
        { end: async () => ends.shift() ?? heard },
        { logger: log },
      );
      expectOk(await store.upsert([point]));
      expectOk(await store.upsert([point]));
      await store.close();
      expect(log.lines).toHaveLength(lines);
    }
  });

  it('is told again by itself, without another change', async () => {
    const { memory } = createIndex();
    const heard = Promise.withResolvers<void>();
    let calls = 0;
    const end = async () => {
      calls += 1;
      if (calls === 3) heard.resolve();
      return calls === 3;
    };
    const store = withGeneration(memory, { end }, { logger: createLog(), retryMs: 5 });
    expectOk(await store.upsert([point]));
    expect(calls).toBe(1);
    await heard.promise;
    await store.close();
    expect(calls).toBe(3);
  });

  it('makes one generation for all who find none at the same time', async () => {
    const generation = createGeneration(cache, 'images');
    const other = createGeneration(cache, 'images');
    const made = await Promise.all([generation.ensure(), generation.ensure(), other.ensure()]);
    expect(new Set(made).size).toBe(1);
    expect(await generation.end()).toBe(true);
    expect(await generation.ensure()).not.toBe(made[0]);
  });
});
