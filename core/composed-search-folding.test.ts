import { expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { createRecord } from '../test/support/points.ts';
import { requestContext } from '../test/support/request-context.ts';
import { SearchQuery } from './model.ts';
import { createSearch } from './search.ts';

const encoder = createFakeEncoder();

/** So many copies of the best picture, and twelve others. */
async function createIndex(copies: number) {
  const store = createMemoryStore({ dimensions: encoder.model.dimensions });
  const others = Array.from({ length: 12 }, (_, n) => `lamp w${n}`);
  const shows = [...Array.from({ length: copies }, () => 'dog'), ...others];
  const encoded = expectOk(await encoder.encodeTexts(shows));
  const points = encoded.map(({ vector }, n) => {
    const record = createRecord(String(n));
    const content = shows[n] ?? '';
    return { record: { ...record, origin: { ...record.origin, content } }, vector };
  });
  expectOk(await store.upsert(points));
  let queries = 0;
  const query: typeof store.query = (asked) => {
    queries += 1;
    return store.query(asked);
  };
  const urlsOf = () => ({ url: '/', thumbnail_url: null });
  const search = createSearch({ encoder, store: { ...store, query }, urlsOf });
  return { search, queries: () => queries };
}

it.each([
  [30, 1],
  [90, 2],
])('%d copies of one picture are one result, and the page is full', async (copies, asked) => {
  const { search, queries } = await createIndex(copies);
  const query = SearchQuery.parse({ query: 'dog', fold_duplicates: true, top_k: 8 });
  const { results } = expectOk(await search(query, requestContext()));
  expect(results).toHaveLength(8);
  expect(results[0]?.duplicates).toHaveLength(copies - 1);
  expect(queries()).toBe(asked);
});
