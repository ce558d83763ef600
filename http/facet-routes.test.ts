import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { Facets } from '../core/facets.ts';
import { failure } from '../core/failure.ts';
import { err } from '../core/result.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createPoint } from '../test/support/points.ts';
import { createTestApp } from '../test/support/search-app.ts';

async function createApp() {
  const store = createMemoryStore({ dimensions: 2 });
  const vector = Float32Array.of(1, 0);
  const categories = ['animals', 'animals', 'food'];
  expectOk(
    await store.upsert(
      categories.map((category, index) => createPoint(String(index), vector, { category })),
    ),
  );
  return createTestApp({ store });
}

describe('GET /facets', () => {
  it('says what pictures can be filtered by', async () => {
    const response = await (await createApp()).request('/facets');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('server-timing')).toMatch(/^facets;dur=/);
    const body: unknown = await response.json();
    expect(body).toEqual({
      facets: [
        {
          key: 'category',
          values: [
            { value: 'animals', count: 2 },
            { value: 'food', count: 1 },
          ],
        },
      ],
      sampled: 3,
      total: 3,
    });
    expect(Facets.parse(body)).toEqual(body);
  });

  it('fails as problem+json', async () => {
    const app = createTestApp({
      facets: async () => err(failure('store_unavailable', 'Cannot count')),
    });
    const response = await app.request('/facets');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' });
  });

  it('takes GET and HEAD alone', async () => {
    const app = await createApp();
    expect((await app.request('/facets', { method: 'HEAD' })).status).toBe(200);
    const posted = await app.request('/facets', { method: 'POST' });
    expect(posted.status).toBe(405);
    expect(posted.headers.get('allow')).toBe('GET, HEAD');
  });
});
