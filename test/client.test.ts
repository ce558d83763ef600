import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import type { Health as ServedHealth } from '../http/health.ts';
import type { Stats as ServedStats } from '../http/stats.ts';
import type { Answer, Problem } from '../web/client-answer.ts';
import type { Health, Stats } from '../web/client-types.ts';
import { createClient } from '../web/client.ts';
import { expectOk } from './support/expect-ok.ts';
import { createPoint } from './support/points.ts';
import { createResponse, createTestApp, healthy } from './support/search-app.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The real HTTP face on a given search. */
function listenToApp(parts: Parameters<typeof createTestApp>[0] = {}): Promise<string> {
  return listen(getRequestListener(createTestApp(parts).fetch));
}

/** A client of a server that gives this one answer, and what that server was asked. */
async function answering(
  body: string,
  { status = 200, ...headers }: Readonly<Record<string, string | number>> = {},
) {
  const asked: IncomingMessage[] = [];
  const baseUrl = await listen((request, response) => {
    asked.push(request);
    response.writeHead(status as number, { 'content-type': 'application/json', ...headers });
    response.end(body);
  });
  return { asked, baseUrl, client: createClient({ baseUrl }) };
}

function valueOf<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(`${answer.problem.code}: ${answer.problem.detail}`);
}

function problemOf(answer: Answer<unknown>): Problem {
  if (!answer.ok) return answer.problem;
  throw new Error('Cannot take the problem as there is none', { cause: answer.value });
}

const found = JSON.stringify(createResponse({ query: 'a dog' }));

describe('a call', () => {
  it('posts a query as it is, and tells where the time went', async () => {
    const search: Search = async (query, { timings }) => {
      await timings.measure('encode', async () => {});
      return ok(createResponse({ query: JSON.stringify(query) }));
    };
    const client = createClient({ baseUrl: await listenToApp({ search }) });
    const answer = await client.search({ query: ' a dog ', filters: { width: { gte: 640 } } });
    expect(JSON.parse(valueOf(answer).query ?? '')).toMatchObject({
      query: 'a dog',
      top_k: 10,
      score_threshold: 0,
      filters: { width: { gte: 640 } },
      include_explanation: false,
      cursor: null,
    });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.timing)).toEqual(['encode', 'total']);
    expect(answer.timing['total']).toBeGreaterThanOrEqual(0);
  });

  it('asks in a form that may be kept where that is wanted and loses nothing', async () => {
    const { asked, client } = await answering(found);
    await client.search({ query: 'a+b & ü', top_k: 3, filters: null }, { cacheable: true });
    await client.search({ query: 'a dog', filters: { year: '2020' } }, { cacheable: true });
    await client.search({ query: 'a dog', score_threshold: 0.2 }, { cacheable: true });
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /search?q=a%2Bb+%26+%C3%BC&top_k=3',
      'POST /search',
      'GET /search?q=a+dog&score_threshold=0.2',
    ]);
  });

  it('asks for pictures, for those like one, for health and for numbers', async () => {
    const store = createMemoryStore({ dimensions: 2 });
    const vectors = [Float32Array.of(1, 0), Float32Array.of(0.8, 0.6)];
    expectOk(
      await store.upsert(vectors.map((vector, place) => createPoint(String(place + 1), vector))),
    );
    const client = createClient({ baseUrl: await listenToApp({ store }) });
    expect(valueOf(await client.image('1')).metadata.file_name).toBe('1.jpg');
    const similar = valueOf(await client.similar('1', { top_k: 5, score_threshold: 0.1 }));
    expect(similar.results.map(({ id }) => id)).toEqual(['2']);
    expect(valueOf(await client.similar('1', { score_threshold: 0.9 })).total).toBe(0);
    expect(valueOf(await client.health())).toEqual(healthy);
    expect(valueOf(await client.stats()).collection.vectors_count).toBe(2);
  });

  it('tells of a server that cannot search as of any other', async () => {
    const unhealthy = { ...healthy, status: 'unhealthy' as const };
    const client = createClient({
      baseUrl: await listenToApp({ health: async () => unhealthy }),
    });
    const answer = await client.health();
    expect(valueOf(answer).status).toBe('unhealthy');
    expect(answer.status).toBe(503);
  });

  it('sends the API key and the request id, and keeps the path of the address', async () => {
    const { asked, baseUrl } = await answering(found);
    let key: string | undefined = 'ps_first';
    const client = createClient({ baseUrl: `${baseUrl}/pictures`, apiKey: () => key });
    await client.search({ query: 'a' }, { requestId: 'request-1' });
    key = undefined;
    await client.search({ query: 'a' });
    expect(asked.map(({ url }) => url)).toEqual(['/pictures/search', '/pictures/search']);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer ps_first',
      undefined,
    ]);
    expect(asked[0]?.headers['x-request-id']).toBe('request-1');
  });

  it('cannot leave the route it is for, whatever the id', async () => {
    const { asked, client } = await answering('{}');
    await client.image('../stats?x#y');
    expect(asked[0]?.url).toBe('/images/..%2Fstats%3Fx%23y');
  });

  it.each(['hit', 'miss', 'bypass'] as const)('tells of the cache: %s', async (state) => {
    const { client } = await answering(found, { 'x-cache': state });
    expect((await client.search({ query: 'a' })).cache).toBe(state);
  });

  it('asks by any fetch it is given', async () => {
    const client = createClient({
      baseUrl: 'http://nowhere.invalid',
      fetch: async (url) => Response.json({ ...createResponse(), query: String(url) }),
    });
    expect(valueOf(await client.search({ query: 'a' })).query).toBe(
      'http://nowhere.invalid/search',
    );
  });

  it('throws at once for an address that is none', () => {
    expect(() => createClient({ baseUrl: 'localhost' })).toThrow(TypeError);
  });
});

describe('a call that fails', () => {
  it('gives what the server says, with its code and the fields that are wrong', async () => {
    const client = createClient({ baseUrl: await listenToApp() });
    const answer = await client.search({ query: 'a', top_k: 101 }, { requestId: 'request-2' });
    expect(problemOf(answer)).toMatchObject({
      code: 'invalid_field',
      status: 422,
      request_id: 'request-2',
      errors: [{ path: 'top_k', message: 'must be at most 100' }],
    });
    expect(answer.retryAfterSeconds).toBeUndefined();
  });

  it('says when to ask again', async () => {
    const busy = failure('overloaded', 'Cannot search now', { retryAfterSeconds: 7 });
    const client = createClient({ baseUrl: await listenToApp({ search: async () => err(busy) }) });
    const answer = await client.search({ query: 'a' });
    expect(problemOf(answer)).toMatchObject({ code: 'overloaded', detail: 'Cannot search now' });
    expect(answer.retryAfterSeconds).toBe(7);
  });

  it.each([
    ['in seconds', '12', 12],
    ['as a date that is over', 'Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['as nonsense', 'soon', undefined],
  ])('reads when to ask again %s', async (_title, header, seconds) => {
    const { client } = await answering('{}', { status: 429, 'retry-after': header });
    expect((await client.search({ query: 'a' })).retryAfterSeconds).toBe(seconds);
  });

  it('says that nobody answers', async () => {
    const { baseUrl, client } = await answering(found);
    servers.splice(0).forEach((server) => server.close());
    const problem = problemOf(await client.search({ query: 'a' }));
    expect(problem).toMatchObject({ code: 'unreachable', status: 0 });
    expect(problem.detail).toContain(baseUrl);
  });

  it('says that a connection broke in the middle of an answer', async () => {
    const baseUrl = await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
      response.write(found, () => response.destroy());
    });
    const answer = await createClient({ baseUrl }).search({ query: 'a' });
    expect(problemOf(answer).code).toBe('unreachable');
  });

  it.each([
    ["a proxy's page with status 200", '<h1>Log in</h1>', { 'content-type': 'text/html' }, 200],
    ["a proxy's page with status 502", '<h1>Bad</h1>', { 'content-type': 'text/html' }, 502],
    ['JSON of something else', '{"message":"hello"}', {}, 200],
    ['an answer of another form', '{"results":"none"}', {}, 200],
    ['half of an answer', found.slice(0, 20), {}, 200],
    ['nothing', '', {}, 200],
    ['null', 'null', {}, 200],
  ])('says that %s is no answer', async (_title, body, headers, status) => {
    const { client } = await answering(body, { ...headers, status });
    const problem = problemOf(await client.search({ query: 'a' }));
    expect(problem).toMatchObject({ code: 'unexpected', status });
    expect(problem.detail).toContain(String(status));
  });

  it('keeps the status of a refusal that is not in the form of this API', async () => {
    const { client } = await answering('{"message":"Forbidden","errors":"none"}', { status: 403 });
    const problem = problemOf(await client.search({ query: 'a' }));
    expect(problem).toMatchObject({ code: 'unexpected', status: 403, errors: [] });
  });

  it('never sends a key that no header can carry', async () => {
    const { asked, baseUrl } = await answering(found);
    for (const apiKey of ['schlüssel\n', '', 'two words']) {
      const problem = problemOf(await createClient({ baseUrl, apiKey }).search({ query: 'a' }));
      expect(problem).toMatchObject({ code: 'unauthenticated', status: 0 });
    }
    expect(asked).toEqual([]);
  });
});

describe('a call that takes too long', () => {
  /** Sends the head of an answer and no more. */
  const stalled: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  };

  it.each([
    ['head', () => {}],
    ['body', stalled],
  ] as const)('ends at its deadline while it waits for the %s', async (_title, listener) => {
    const client = createClient({ baseUrl: await listen(listener), timeoutMs: 50 });
    const problem = problemOf(await client.search({ query: 'a' }));
    expect(problem).toMatchObject({ code: 'timeout', status: 0 });
    expect(problem.detail).toContain('50 ms');
  });

  it('ends when its caller leaves, and tells it from a deadline', async () => {
    const client = createClient({ baseUrl: await listen(() => {}) });
    const leaving = new AbortController();
    const answer = client.search({ query: 'a' }, { signal: leaving.signal });
    leaving.abort();
    expect(problemOf(await answer).code).toBe('cancelled');
    expect(problemOf(await client.search({ query: 'a' }, { signal: leaving.signal })).code).toBe(
      'cancelled',
    );
    const signal = AbortSignal.timeout(20);
    expect(problemOf(await client.image('1', { signal })).code).toBe('timeout');
  });

  it('leaves the server when the caller does', async () => {
    let left: () => void = () => {};
    const hasLeft = new Promise<void>((resolve) => (left = resolve));
    const asked = Promise.withResolvers<void>();
    const baseUrl = await listen((request) => {
      request.once('close', left);
      asked.resolve();
    });
    const leaving = new AbortController();
    const answer = createClient({ baseUrl }).stats({ signal: leaving.signal });
    await asked.promise;
    leaving.abort();
    await hasLeft;
    expect(problemOf(await answer).code).toBe('cancelled');
  });
});

it('has the types that the server answers with', () => {
  expectTypeOf<ServedHealth>().toExtend<Health>();
  expectTypeOf<Health>().toExtend<ServedHealth>();
  expectTypeOf<ServedStats>().toExtend<Stats>();
  expectTypeOf<Stats>().toExtend<ServedStats>();
  const client = createClient({ baseUrl: 'http://localhost' });
  // What pictures are to be like may be said without words.
  void (() => client.search({ like: ['1'] }));
  // @ts-expect-error: known fields only
  void (() => client.search({ query: 'a', topk: 5 }));
});
