import { expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { createRecord } from '../test/support/points.ts';
import { requestContext } from '../test/support/request-context.ts';
import { SearchQuery } from './model.ts';
import { createSearch } from './search.ts';

it('answers as if it had just started, once pictures came into an empty index', async () => {
  const encoder = createFakeEncoder({ dimensions: 256 });
  const store = createMemoryStore({ dimensions: 256 });
  const parts = { encoder, store, urlsOf: () => ({ url: '/', thumbnail_url: null }) };
  const search = createSearch(parts);
  const query = SearchQuery.parse({ query: 'beach', exclude: ['dog'], top_k: 10 });
  expect(expectOk(await search(query, requestContext())).results).toEqual([]);

  const shows = Array.from({ length: 90 }, (_, n) => `${['dog', 'cat', 'car'][n % 3]} beach w${n}`);
  const encoded = expectOk(await encoder.encodeTexts(shows));
  const points = encoded.map(({ vector }, n) => ({ record: createRecord(String(n)), vector }));
  expectOk(await store.upsert(points));
  const found = expectOk(await search(query, requestContext()));
  const fresh = expectOk(await createSearch(parts)(query, requestContext()));
  expect(found.results).toEqual(fresh.results);
});
