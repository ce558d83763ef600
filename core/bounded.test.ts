import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createResponse } from '../test/support/search-app.ts';
import { createPlaces, withBound, withBoundedImages } from './bounded.ts';
import type { Images } from './images.ts';
import { SearchQuery } from './model.ts';
import { ok } from './result.ts';

const query = SearchQuery.parse({ query: 'a dog' });
const similar = { id: '1', top_k: 10, score_threshold: 0 };

/** A search that waits until all are let go. */
function createHeld() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer = async () => {
    await promise;
    return ok(createResponse());
  };
  const images: Images = {
    get: async (id) => ok({ id, metadata: { ...metadata, url: '/1', thumbnail_url: null } }),
    similar: answer,
  };
  return { search: answer, images, letGo: resolve };
}

const metadata = {
  file_path: 'a.png',
  file_name: 'a.png',
  s3_key: null,
  category: null,
  width: 1,
  height: 1,
};

describe('a bounded search', () => {
  it('refuses at once what is too much, and takes more when there is room again', async () => {
    const { search, letGo } = createHeld();
    const places = createPlaces(2);
    const bounded = withBound(search, places);
    const first = [bounded(query, requestContext()), bounded(query, requestContext())];
    expect(places.taken()).toBe(2);
    const refused = expectFailure(await bounded(query, requestContext()));
    expect(refused).toMatchObject({ code: 'overloaded', retryAfterSeconds: 1 });
    letGo();
    for (const found of await Promise.all(first)) expectOk(found);
    expect(places.taken()).toBe(0);
    expectOk(await bounded(query, requestContext()));
  });

  it('shares its places with searches that begin from a picture', async () => {
    const { search, images, letGo } = createHeld();
    const places = createPlaces(1);
    const bounded = { search: withBound(search, places), ...withBoundedImages(images, places) };
    const first = bounded.similar(similar, requestContext());
    expect(expectFailure(await bounded.search(query, requestContext())).code).toBe('overloaded');
    // One record is not worth a place.
    expectOk(await bounded.get('1', requestContext()));
    letGo();
    expectOk(await first);
  });

  it('gives a place back after a bug', async () => {
    const places = createPlaces(1);
    const bounded = withBound(() => Promise.reject(new Error('bug')), places);
    await expect(bounded(query, requestContext())).rejects.toThrow('bug');
    expect(places.taken()).toBe(0);
  });
});
