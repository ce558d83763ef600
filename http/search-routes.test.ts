import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { failure } from '../core/failure.ts';
import type { SearchQuery } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { createPoint, unit } from '../test/support/points.ts';
import { problemOf } from '../test/support/problem.ts';
import { createLog, createResponse, createTestApp, post } from '../test/support/search-app.ts';

/** Remembers what it was asked. */
function createAsked() {
  const asked: SearchQuery[] = [];
  const search: Search = async (query) => {
    asked.push(query);
    return ok(createResponse({ query: query.query }));
  };
  return { asked, app: createTestApp({ search }) };
}

describe('POST /search', () => {
  it('answers with the response of the search and says where the time went', async () => {
    const search: Search = async ({ query }, { timings }) => {
      await timings.measure('encode', async () => {});
      await timings.measure('search', async () => {});
      return ok(createResponse({ query }));
    };
    const response = await createTestApp({ search }).request('/search', post({ query: ' a cat ' }));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(createResponse({ query: 'a cat' }));
    expect(response.headers.get('server-timing')).toMatch(
      /^encode;dur=\d+\.\d+, search;dur=\d+\.\d+, total;dur=\d+\.\d+$/,
    );
  });

  it.each([
    ['not JSON', '{"query": ', 400, 'not_json', undefined],
    ['an empty body', '', 400, 'not_json', undefined],
    ['no object', [], 422, 'invalid_field', 'body'],
    ['null', null, 422, 'invalid_field', 'body'],
    ['no query', {}, 422, 'invalid_field', 'query'],
    ['an empty query', { query: '  ' }, 422, 'invalid_field', 'query'],
    ['a query of 513 characters', { query: 'x'.repeat(513) }, 422, 'invalid_field', 'query'],
    ['a query that is a number', { query: 5 }, 422, 'invalid_field', 'query'],
    ['top_k 0', { query: 'a', top_k: 0 }, 422, 'invalid_field', 'top_k'],
    ['top_k 101', { query: 'a', top_k: 101 }, 422, 'invalid_field', 'top_k'],
    ['top_k 1.5', { query: 'a', top_k: 1.5 }, 422, 'invalid_field', 'top_k'],
    ['top_k as a text', { query: 'a', top_k: '5' }, 422, 'invalid_field', 'top_k'],
    ['an unknown field', { query: 'a', topk: 5 }, 422, 'invalid_field', 'topk'],
    [
      'a threshold of 2',
      { query: 'a', score_threshold: 2 },
      422,
      'invalid_field',
      'score_threshold',
    ],
    ['a filter of null', { query: 'a', filters: { a: null } }, 422, 'invalid_field', 'filters.a'],
    ['a list of filters', { query: 'a', filters: [] }, 422, 'invalid_field', 'filters'],
    ['17 conditions', { query: 'a', filters: conditions(17) }, 422, 'invalid_field', 'filters'],
    [
      'a forged key',
      { query: 'a', filters: { "a' or 1": 1 } },
      422,
      'invalid_field',
      "filters.a' or 1",
    ],
    [
      '__proto__',
      '{"query":"a","filters":{"__proto__":1}}',
      422,
      'invalid_field',
      'filters.__proto__',
    ],
    [
      '__proto__ as a field',
      '{"query":"a","__proto__":{"top_k":3}}',
      422,
      'invalid_field',
      '__proto__',
    ],
    ['a body of 10 MB', 'x'.repeat(10_000_000), 413, 'body_too_large', undefined],
    [
      'a body nested 10,000 deep',
      `{"query":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      422,
      'invalid_field',
      'query',
    ],
  ])('refuses %s', async (_, body, status, code, path) => {
    const { app, asked } = createAsked();
    const problem = await problemOf(await app.request('/search', post(body)));
    expect(problem).toMatchObject({ status, code });
    expect(problem.detail).toBeTruthy();
    if (path !== undefined) expect(problem.errors?.map((error) => error.path)).toContain(path);
    expect(asked).toEqual([]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    'refuses the content-type %j',
    async (type) => {
      const request = post({ query: 'a' }, { 'content-type': type });
      const problem = await problemOf(await createTestApp().request('/search', request));
      expect(problem).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    },
  );

  it('stops reading a body that is longer than its header says', async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(16 * 1024).fill(32));
        if (sent > 1000) controller.close();
      },
    });
    const request = { ...post(''), body, duplex: 'half' } as RequestInit;
    const problem = await problemOf(await createTestApp().request('/search', request));
    expect(problem.code).toBe('body_too_large');
    expect(sent).toBeLessThan(20);
  });

  it.each([
    'GET /images/1',
    'PUT /search',
    'PATCH /search',
    'PUT /images/1',
    'POST /images/1/similar',
  ])('knows which methods a path takes: %s', async (line) => {
    const [method = '', path = ''] = line.split(' ');
    const response = await createTestApp().request(path, { method });
    expect((await problemOf(response)).code).toBe(
      method === 'GET' ? 'not_found' : 'method_not_allowed',
    );
    if (method !== 'GET') expect(response.headers.get('allow')).toContain('GET');
  });

  it.each([
    ['overloaded', 503, '1'],
    ['timeout', 504, null],
    ['rate_limited', 429, '7'],
    ['store_unavailable', 503, '1'],
  ] as const)('answers the failure %s with %s', async (code, status, retryAfter) => {
    const more = code === 'rate_limited' ? { retryAfterSeconds: 6.2 } : {};
    const search: Search = async () =>
      err(failure(code, 'Cannot search', { ...more, cause: new Error('secret') }));
    const response = await createTestApp({ search }).request('/search', post({ query: 'a' }));
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(JSON.stringify(await problemOf(response))).not.toContain('secret');
    expect(response.status).toBe(status);
  });

  it('tells nothing of a bug but its id, and logs the rest', async () => {
    const logger = createLog();
    const search: Search = async () => {
      throw new Error('secret');
    };
    const app = createTestApp({ search, logger });
    const problem = await problemOf(await app.request('/search', post({ query: 'a' })));
    expect(problem).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(problem)).not.toContain('secret');
    expect(logger.lines).toEqual([{ level: 'error', message: 'A request met a bug' }]);
  });

  it('ends a search at its deadline', async () => {
    const search: Search = (_, { signal }) =>
      new Promise((resolve) => {
        const stop = () => resolve(err(failure('timeout', 'Cannot finish in time')));
        signal.addEventListener('abort', stop);
      });
    const app = createTestApp({ search, timeoutMs: 20 });
    const response = await app.request('/search', post({ query: 'a' }));
    expect((await problemOf(response)).code).toBe('timeout');
  });
});

describe('GET /search', () => {
  it('asks what the same POST asks', async () => {
    const { app, asked } = createAsked();
    const filters = 'filter.category=a&filter.category=b&filter.width.gte=640&filter.width.lt=900';
    const more = 'filter.year=2020&filter.hidden.not=true&filter.a.b=x';
    await app.request(`/search?q=a+dog&top_k=5&score_threshold=0.2&${filters}&${more}`);
    expect(asked).toEqual([
      {
        query: 'a dog',
        top_k: 5,
        score_threshold: 0.2,
        texts: [],
        exclude: [],
        like: [],
        diversity: 0,
        fold_duplicates: false,
        rerank: false,
        include_explanation: false,
        cursor: null,
        filters: {
          category: ['a', 'b'],
          width: { gte: 640, lt: 900 },
          year: ['2020', 2020],
          hidden: { not: ['true', true] },
          'a.b': ['x'],
        },
      },
    ]);
  });

  it('takes a query that looks like a number for a text', async () => {
    const { app, asked } = createAsked();
    await app.request('/search?q=1984');
    expect(asked[0]?.query).toBe('1984');
  });

  it.each([
    '',
    '?q=',
    '?q=a&top_k=x',
    '?q=a&top_k=1&top_k=2',
    '?q=a&nope=1',
    '?q=a&__proto__=1',
    '?q=a&query=b&q=c&filter.__proto__=1',
    '?q=a&filter.=1',
  ])('refuses /search%s', async (query) => {
    const problem = await problemOf(await createTestApp().request(`/search${query}`));
    expect(problem.code).toBe('invalid_field');
    expect(problem.errors).not.toEqual([]);
  });

  it('can be kept by a CDN and asked about by its tag', async () => {
    let latency = 0;
    const search: Search = async ({ query }) => {
      latency += 1;
      return ok(createResponse({ query, latency_ms: latency }));
    };
    const app = createTestApp({ search });
    const first = await app.request('/search?q=a');
    const etag = first.headers.get('etag') ?? '';
    expect(first.headers.get('cache-control')).toContain('s-maxage');
    const second = await app.request('/search?q=a', {
      headers: { 'if-none-match': `"x", ${etag}` },
    });
    expect(second.status).toBe(304);
    expect(await second.text()).toBe('');
    const other = await app.request('/search?q=b', { headers: { 'if-none-match': etag } });
    expect(other.status).toBe(200);
  });
});

describe('GET /images/{id}', () => {
  const vectors = [
    unit(Float32Array.of(1, 0)),
    unit(Float32Array.of(1, 1)),
    unit(Float32Array.of(0, 1)),
  ];
  const createStored = async () => {
    const store = createMemoryStore({ dimensions: 2 });
    await store.upsert(vectors.map((vector, n) => createPoint(String(n + 1), vector)));
    return createTestApp({ store });
  };

  it('gives what is known of a picture, and nothing of where it lies', async () => {
    const response = await (await createStored()).request('/images/1');
    const body: unknown = await response.json();
    expect(body).toMatchObject({ id: '1', metadata: { width: 640, url: '/pictures/1' } });
    expect(JSON.stringify(body)).not.toContain('root');
  });

  it('gives the nearest pictures without the picture itself', async () => {
    const response = await (await createStored()).request('/images/1/similar?top_k=1');
    expect(await response.json()).toMatchObject({ query: null, total: 1, results: [{ id: '2' }] });
    const all = await (await createStored()).request('/images/1/similar');
    expect(await all.json()).toMatchObject({ total: 2 });
  });

  it.each([
    ['/images/99', 'not_found'],
    ['/images/99/similar', 'not_found'],
    ['/images/abc', 'invalid_field'],
    ['/images/18446744073709551616', 'invalid_field'],
    ['/images/1/similar?top_k=0', 'invalid_field'],
    ['/images/1/similar?nope=1', 'invalid_field'],
    ['/images/..%2f..%2fetc', 'invalid_field'],
    ['/nowhere', 'not_found'],
  ])('refuses %s as %s', async (path, code) => {
    expect((await problemOf(await (await createStored()).request(path))).code).toBe(code);
  });
});

function conditions(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, n]));
}
