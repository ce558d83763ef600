import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { createRecord } from '../test/support/points.ts';
import type { Filters } from './filter.ts';
import { SearchQuery } from './model.ts';
import type { Encoder, VectorStore } from './ports.ts';
import { createSearch, type Search } from './search.ts';
import { createTimings } from './timings.ts';

const words = ['red', 'green', 'blue', 'yellow'];
let encoder: Encoder;
let store: VectorStore;
let search: Search;

beforeEach(async () => {
  encoder = createFakeEncoder();
  store = createMemoryStore({ dimensions: encoder.model.dimensions });
  const texts = expectOk(await encoder.encodeTexts(words));
  await store.upsert(
    texts.map(({ vector }, n) => ({
      record: createRecord(String(n + 1), { file_name: `${words[n]}.png`, width: 100 * n + 1 }),
      vector,
    })),
  );
  search = createSearch({
    encoder,
    store,
    urlsOf: ({ id }) => ({ url: `/pictures/${id}`, thumbnail_url: null }),
  });
});

function context(signal = AbortSignal.timeout(5000)) {
  return { requestId: 'r', signal, timings: createTimings(() => performance.now()), notes: {} };
}

function ask(
  query: string,
  more: { top_k?: number; score_threshold?: number; filters?: Filters } = {},
) {
  return search(SearchQuery.parse({ query, ...more }), context());
}

describe('a search', () => {
  it('finds what the words mean, best first', async () => {
    const response = expectOk(await ask('blue'));
    expect(response.results[0]).toMatchObject({
      id: '3',
      metadata: { file_name: 'blue.png', url: '/pictures/3' },
    });
    expect(response.results[0]?.score).toBeCloseTo(1, 5);
    const scores = response.results.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(response).toMatchObject({
      query: 'blue',
      total: 4,
      cached: false,
      explanation: null,
      model: 'fake',
      query_truncated: false,
    });
  });

  it('gives as many as were asked for, and none below the threshold', async () => {
    expect(expectOk(await ask('blue', { top_k: 2 })).total).toBe(2);
    expect(expectOk(await ask('blue', { score_threshold: 0.99 })).total).toBe(1);
    expect(expectOk(await ask('blue', { score_threshold: 0 })).total).toBe(4);
  });

  it('looks only at what the filters let through', async () => {
    const response = expectOk(await ask('blue', { filters: { width: { lt: 150 } } }));
    expect(response.results.map(({ id }) => id).toSorted()).toEqual(['1', '2']);
    expect(expectOk(await ask('blue', { filters: { nothing: 'x' } })).total).toBe(0);
  });

  it('says that a query was too long to be read to its end', async () => {
    const response = expectOk(await ask('blue '.repeat(60)));
    expect(response.query_truncated).toBe(true);
  });

  it('times what it does', async () => {
    const asked = context();
    await search(SearchQuery.parse({ query: 'blue' }), asked);
    expect(asked.timings.entries().map(([stage]) => stage)).toEqual(['encode', 'search']);
  });

  it('fails as its parts fail', async () => {
    const cancelled = await search(SearchQuery.parse({ query: 'a' }), context(AbortSignal.abort()));
    expect(expectFailure(cancelled).code).toBe('cancelled');
    await encoder.close();
    expect(expectFailure(await ask('blue')).code).toBe('encoder_unavailable');
  });
});
