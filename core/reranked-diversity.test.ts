import { expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { createRecord } from '../test/support/points.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createModel, rerankGuard, smallPictures } from '../test/support/reranking.ts';
import { failure } from './failure.ts';
import { SearchQuery } from './model.ts';
import { withReranking } from './reranked.ts';
import { err } from './result.ts';
import { createSearch } from './search.ts';

it('a model that does not answer leaves diversified results as they are without it', async () => {
  const encoder = createFakeEncoder();
  const store = createMemoryStore({ dimensions: encoder.model.dimensions });
  // Twenty much alike, which is as many as four are chosen from, and others that follow.
  const shows = Array.from({ length: 60 }, (_, n) =>
    n < 20 ? `dog beach u${n}` : `dog v${n} u${n}`,
  );
  const encoded = expectOk(await encoder.encodeTexts(shows));
  const points = encoded.map(({ vector }, n) => ({ record: createRecord(String(n)), vector }));
  expectOk(await store.upsert(points));
  const urlsOf = () => ({ url: '/', thumbnail_url: null });
  const { reranker } = createModel(async () => err(failure('llm_unavailable', 'down')));
  const { guard } = rerankGuard();
  const parts = { reranker, thumbnails: smallPictures, guard };
  const search = withReranking(createSearch({ encoder, store, urlsOf }), parts);
  const ask = async (rerank: boolean) => {
    const query = SearchQuery.parse({ query: 'dog beach', diversity: 0.7, top_k: 4, rerank });
    const { results } = expectOk(await search(query, requestContext()));
    return results.map(({ id }) => id);
  };
  expect(await ask(true)).toEqual(await ask(false));
});
