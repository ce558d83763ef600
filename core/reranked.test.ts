import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { requestContext } from '../test/support/request-context.ts';
import {
  createModel,
  createReranking,
  naming,
  rankingCost,
  rerankGuard,
  smallPictures,
} from '../test/support/reranking.ts';
import { failure } from './failure.ts';
import { SearchQuery, type SearchResponse } from './model.ts';
import { withPaging } from './paged.ts';
import { withReranking } from './reranked.ts';
import { err, ok } from './result.ts';
import type { Search } from './search.ts';

let world: ReturnType<typeof createReranking>;
beforeEach(() => {
  world = createReranking();
});

describe('withReranking', () => {
  it('shows the ten best with the words, and puts the ones that are named first', async () => {
    const { asked, reranker } = naming('9', '3', '10', '1');
    const ask = world.setUp(reranker);
    const { order, response, outcome } = await ask();
    expect(order).toBe('9 3 10 1 2');
    expect(response.total).toBe(5);
    expect(world.searched).toMatchObject([{ top_k: 10, rerank: false }]);
    const ids = asked[0]?.pictures.map(({ id }) => id).join(' ');
    expect(ids).toBe('1 2 3 4 5 6 7 8 9 10');
    expect(asked[0]).toMatchObject({ query: 'a dog', best: 4 });
    expect(asked[0]?.pictures[1]).toEqual({
      id: '2',
      bytes: Buffer.from('bytes of 2'),
      type: 'image/webp',
    });
    expect(outcome).toEqual({
      outcome: 'ok',
      cached: false,
      input_tokens: 2000,
      output_tokens: 10,
      cost_usd: rankingCost,
    });
  });

  it('tells whoever watches of the results before the model is asked', async () => {
    const told: string[] = [];
    const { reranker } = createModel(async () => {
      told.push('asked');
      return ok({ ids: ['3'], usage: { inputTokens: 1, outputTokens: 1 } });
    });
    const ask = world.setUp(reranker);
    const progress = {
      results: ({ results, total }: SearchResponse) =>
        void told.push(`${total}: ${results.map(({ id }) => id).join(' ')}`),
      explanation: () => {},
    };
    expect((await ask({}, { ...requestContext(), progress })).order).toBe('3 1 2 4 5');
    expect(told).toEqual(['5: 1 2 3 4 5', 'asked']);
  });

  it('looks at ten of more, and leaves the rest behind them', async () => {
    const { asked, reranker } = naming('2');
    expect((await world.setUp(reranker)({ top_k: 12 })).order).toBe('2 1 3 4 5 6 7 8 9 10 11 12');
    expect(world.searched[0]?.top_k).toBe(12);
    expect(asked[0]?.pictures).toHaveLength(10);
  });

  it('asks for as many as there are where there are fewer than four', async () => {
    world.find(3);
    const { asked, reranker } = naming('3', '2');
    expect((await world.setUp(reranker)()).order).toBe('3 2 1');
    expect(asked[0]?.best).toBe(3);
  });

  it('lets other searches pass as they are', async () => {
    const { asked, reranker } = naming('3');
    const { order, outcome } = await world.setUp(reranker)({ rerank: false });
    expect([order, outcome, asked.length]).toEqual(['1 2 3 4 5', undefined, 0]);
    expect(world.searched[0]?.top_k).toBe(5);
  });

  it('fails where the search does', async () => {
    const { reranker } = naming('3');
    const { guard } = rerankGuard();
    const broken: Search = async () => err(failure('timeout', 'late'));
    const reranked = withReranking(broken, { reranker, thumbnails: smallPictures, guard });
    const query = SearchQuery.parse({ query: 'a dog', rerank: true });
    expect(expectFailure(await reranked(query, requestContext())).code).toBe('timeout');
  });

  it('gives a permutation of what was found, cut to what was asked for, whatever is named', async () => {
    const id = fc.oneof(fc.nat(40).map(String), fc.string());
    const property = fc.asyncProperty(
      fc.array(id),
      fc.integer({ min: 1, max: 30 }),
      fc.nat(30),
      async (ids, top_k, count) => {
        world.find(count);
        const { response } = await world.setUp(naming(...ids).reranker, { cache: undefined })({
          top_k,
        });
        const given = response.results.map((hit) => Number(hit.id));
        expect(given).toHaveLength(Math.min(top_k, count));
        expect(response.total).toBe(given.length);
        expect(new Set(given).size).toBe(given.length);
        const candidates = Math.min(Math.max(top_k, 10), count);
        expect(given.every((one) => one >= 1 && one <= candidates)).toBe(true);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  it('says so where no model is set up, and where there is nothing to put in order', async () => {
    const off = withReranking(world.search);
    const query = SearchQuery.parse({ query: 'a dog', rerank: true, top_k: 5 });
    const response = expectOk(await off(query, requestContext()));
    expect([response.llm?.rerank?.outcome, response.total]).toEqual(['off', 5]);
    expect(world.searched[0]).toMatchObject({ rerank: false, top_k: 5 });

    const { asked, reranker } = naming('2');
    const ask = world.setUp(reranker);
    expect((await ask({ query: '', like: ['7'] })).outcome?.outcome).toBe('nothing_found');
    for (const pictures of [0, 1]) {
      world.find(pictures);
      expect((await ask()).outcome?.outcome).toBe('nothing_found');
    }
    expect(asked).toEqual([]);
  });

  it('knows all the words of a query', async () => {
    const { asked, reranker } = naming('2');
    await world.setUp(reranker)({ texts: [{ text: 'snow' }], exclude: ['people'] });
    expect(asked[0]?.query).toContain('a dog');
    expect(asked[0]?.query).toContain('snow');
    expect(asked[0]?.query).toContain('people');
  });
});

describe('withReranking of a list that is read page by page', () => {
  it('puts the first page in order, of what is on it alone', async () => {
    const { asked, reranker } = naming('5', '4');
    const ask = world.setUp(reranker);
    const { order, response } = await ask({ cursor: '*' });
    expect([order, response.next_cursor]).toEqual(['5 4 1 2 3', 'next']);
    expect(asked[0]?.pictures).toHaveLength(5);
    expect(world.searched[0]?.top_k).toBe(5);
  });

  it('leaves the other pages alone, which are of the same list', async () => {
    const { asked, reranker } = naming('5');
    const cursor = `${'a'.repeat(22)}.5`;
    const { order, outcome } = await world.setUp(reranker)({ cursor });
    expect([order, outcome, asked.length]).toEqual(['1 2 3 4 5', undefined, 0]);
    expect(world.searched[0]).toMatchObject({ rerank: false, cursor });
  });
});

describe('withReranking before lists that are frozen', () => {
  it('leaves nothing out and shows nothing twice, from the first page to the last', async () => {
    const { search, cache } = world;
    const { reranker } = naming('9', '2');
    const { guard } = rerankGuard();
    const paged = withPaging(search, { searchAll: search, cache, index: 'images' });
    const reranked = withReranking(paged, { reranker, thumbnails: smallPictures, guard, cache });
    const seen: string[] = [];
    for (let cursor: string | null = '*'; cursor !== null;) {
      const query = SearchQuery.parse({ query: 'a dog', rerank: true, top_k: 12, cursor });
      const page = expectOk(await reranked(query, requestContext()));
      seen.push(...page.results.map(({ id }) => id));
      cursor = page.next_cursor ?? null;
    }
    expect(seen.slice(0, 4)).toEqual(['9', '2', '1', '3']);
    expect(seen.map(Number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, at) => at + 1),
    );
  });
});

describe('withReranking, when it goes wrong', () => {
  it.each([
    ['unavailable', async () => err(failure('llm_unavailable', 'down'))],
    ['unusable', async () => err(failure('llm_unusable', 'rubbish'))],
    ['timeout', async () => err(failure('timeout', 'late'))],
    ['unusable', () => Promise.reject(new Error('a bug'))],
  ] as const)('has the results as they were: %s', async (outcome, answer) => {
    const { asked, reranker } = createModel(answer);
    const ask = world.setUp(reranker);
    const response = await ask();
    expect([response.order, response.outcome?.outcome]).toEqual(['1 2 3 4 5', outcome]);
    // Failures are not kept.
    await ask();
    expect(asked).toHaveLength(2);
  });

  it('has them as they were, and counts the cost, where nothing that is named was shown', async () => {
    const { asked, reranker } = naming('11', 'all of them');
    const ask = world.setUp(reranker);
    const { order, outcome } = await ask();
    expect(order).toBe('1 2 3 4 5');
    expect(outcome).toMatchObject({
      outcome: 'unusable',
      input_tokens: 2000,
      cost_usd: rankingCost,
    });
    await ask();
    expect(asked).toHaveLength(2);
  });

  it('waits for no model and no thumbnail beyond its deadline', async () => {
    const never = () => new Promise<never>(() => {});
    const { guard } = rerankGuard({ timeoutMs: 50 });
    const deaf = world.setUp(createModel(never).reranker, { guard });
    expect(await deaf()).toMatchObject({ order: '1 2 3 4 5', outcome: { outcome: 'timeout' } });
    const { asked, reranker } = naming('3');
    const stuck = world.setUp(reranker, { guard, thumbnails: { of: never } });
    expect(await stuck()).toMatchObject({ order: '1 2 3 4 5', outcome: { outcome: 'timeout' } });
    expect(asked).toEqual([]);
  });

  it('ends with the request, and ends the question when nobody waits any more', async () => {
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<AbortSignal>();
    const { reranker } = createModel((_, signal) => {
      isAsked(signal);
      return new Promise<never>(() => {});
    });
    const leaving = new AbortController();
    const context = requestContext({ signal: leaving.signal });
    const answer = world.setUp(reranker)({}, context);
    const signal = await asked;
    leaving.abort();
    expect(await answer).toMatchObject({ order: '1 2 3 4 5', outcome: { outcome: 'timeout' } });
    expect(signal.aborted).toBe(true);
  });

  it('asks nobody when the quota is used up', async () => {
    const { guard } = rerankGuard({ quota: { take: async () => undefined } });
    const { asked, reranker } = naming('3');
    const { order, outcome } = await world.setUp(reranker, { guard })();
    expect([order, outcome?.outcome, asked.length]).toEqual(['1 2 3 4 5', 'quota_exhausted', 0]);
  });
});
