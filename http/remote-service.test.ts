import { describe, expect, it } from 'vitest';
import { SearchQuery } from '../core/model.ts';
import type { Span } from '../core/tracing.ts';
import { createTimings } from '../core/timings.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { answerJson, useHttpServers } from '../test/support/http-servers.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createResponse, createTestApp, healthy } from '../test/support/search-app.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createRemoteService } from './remote-service.ts';
import { listen } from './server.ts';

const serve = useHttpServers();
const query = SearchQuery.parse({ query: 'a dog' });
const metadata = {
  file_path: 'a.png',
  file_name: 'a.png',
  s3_key: null,
  category: null,
  width: 4,
  height: 3,
};

function createSpan(traceparent: string, labels: Record<string, unknown>): Span {
  const span: Span = {
    traceparent,
    child: (name) => createSpan(`${traceparent}/${name}`, labels),
    label: (name, value) => void (labels[name] = value),
    end: () => {},
  };
  return span;
}

describe('a remote service', () => {
  it('passes on what the service has to know of a request', async () => {
    const server = await serve((response) => answerJson(response, createResponse()));
    const { search } = createRemoteService({
      baseUrl: server.url,
      secret: 'the-secret-of-the-service',
      timeoutMs: 5000,
    });
    const labels: Record<string, unknown> = {};
    const timings = createTimings(() => performance.now(), createSpan('00-trace', labels));
    expectOk(await search(query, requestContext({ timings, generation: 'g1' })));
    const [asked] = server.asked;
    expect(asked).toMatchObject({
      method: 'POST',
      url: '/search',
      headers: {
        'content-type': 'application/json',
        'x-request-id': 'request-1',
        'x-index-generation': 'g1',
        'x-service-secret': 'the-secret-of-the-service',
        traceparent: '00-trace/remote',
      },
    });
    // What is as always is left out: an older service would refuse fields that it does not know.
    expect(JSON.parse(asked?.body ?? '')).toEqual({ query: 'a dog' });
    expect(labels).toEqual({ outcome: 'ok' });
    const left = Number(asked?.headers['x-deadline-ms']);
    expect(left).toBeGreaterThan(1);
    expect(left).toBeLessThan(5000);
  });

  it('asks for what is not as always, and for nothing of a language model', async () => {
    const server = await serve((response) => answerJson(response, createResponse()));
    const { search } = createRemoteService({ baseUrl: server.url });
    const said = {
      query: 'a dog',
      texts: [{ text: 'at night', weight: 2 }],
      exclude: ['people'],
      like: ['1'],
      diversity: 0.5,
      fold_duplicates: true,
      top_k: 7,
      score_threshold: 'auto',
      filters: { category: 'animals' },
    } as const;
    const models = { include_explanation: true, rerank: true, cursor: '*' };
    expectOk(await search(SearchQuery.parse({ ...said, ...models }), requestContext()));
    expectOk(await search(SearchQuery.parse({ like: ['1'] }), requestContext()));
    expect(server.asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      said,
      { like: ['1'] },
    ]);
  });

  it('is asked what pictures can be filtered by, and told of the state of the index', async () => {
    const facets = {
      facets: [{ key: 'category', values: [{ value: 'animals', count: 2 }] }],
      sampled: 2,
      total: 2,
    };
    const server = await serve((response) => answerJson(response, facets));
    const service = createRemoteService({ baseUrl: server.url });
    expect(expectOk(await service.facets(requestContext({ generation: 'g1' })))).toEqual(facets);
    expect(server.asked[0]).toMatchObject({
      method: 'GET',
      url: '/facets',
      headers: { 'x-index-generation': 'g1' },
    });
  });

  it('may be older and know of no facets, and is searched all the same', async () => {
    let isAsked = false;
    const server = await serve((response) => {
      if (isAsked) return answerJson(response, createResponse());
      const body = { code: 'not_found', status: 404, detail: 'Cannot find anything here: /facets' };
      response.writeHead(404, { 'content-type': 'application/problem+json' });
      return response.end(JSON.stringify(body));
    });
    const service = createRemoteService({ baseUrl: server.url });
    for (let time = 0; time < 10; time++) {
      expect(expectFailure(await service.facets(requestContext())).code).toBe('not_found');
    }
    isAsked = true;
    expectOk(await service.search(query, requestContext()));
  });

  it('tells the service how little time is left', async () => {
    const server = await serve((response) => answerJson(response, createResponse()));
    const { search } = createRemoteService({ baseUrl: server.url, timeoutMs: 5000 });
    let time = 0;
    const timings = createTimings(() => time);
    time = 4000;
    expectOk(await search(query, requestContext({ timings })));
    const left = Number(server.asked[0]?.headers['x-deadline-ms']);
    expect(left).toBeGreaterThan(500);
    expect(left).toBeLessThan(1000);
    time = 4990;
    expect(expectFailure(await search(query, requestContext({ timings }))).code).toBe('timeout');
    expect(server.asked).toHaveLength(1);
  });

  it('keeps the path of its address', async () => {
    const server = await serve((response) => answerJson(response, createResponse()));
    for (const path of ['/pictures/v1', '/pictures/v1/']) {
      const { search } = createRemoteService({ baseUrl: server.url + path });
      expectOk(await search(query, requestContext()));
    }
    expect(server.asked.map(({ url }) => url)).toEqual(Array(2).fill('/pictures/v1/search'));
  });

  it('adds what the service says of its own stages', async () => {
    const server = await serve((response) => {
      response.setHeader(
        'Server-Timing',
        'cache;dur=9, encode;dur=1.5, search;dur=0.25, total;dur=4',
      );
      answerJson(response, createResponse());
    });
    const { search } = createRemoteService({ baseUrl: server.url });
    const context = requestContext();
    expectOk(await search(query, context));
    const { timings } = context;
    expect([timings.spent('encode'), timings.spent('search')]).toEqual([1.5, 0.25]);
    expect(timings.entries().map(([stage]) => stage)).toEqual([
      'encode',
      'search',
      'service',
      'remote',
    ]);
  });

  it('answers about pictures as the service does', async () => {
    const store = createMemoryStore({ dimensions: 2 });
    const point = (id: string, x: number, y: number) => ({
      record: { id, metadata, origin: { root: '/', key: 'a.png', version: '1' } },
      vector: Float32Array.of(x, y),
    });
    expectOk(await store.upsert([point('1', 1, 0), point('2', 0.6, 0.8)]));
    const { fetch } = createTestApp({ store });
    const server = expectOk(await listen({ fetch, hostname: '127.0.0.1', port: 0 }));
    const remote = createRemoteService({ baseUrl: `http://127.0.0.1:${server.port}` });
    const { images } = remote;
    expect(expectOk(await images.get('1', requestContext()))).toMatchObject({ id: '1', metadata });
    const ask = { id: '1', top_k: 3, score_threshold: 0.5 };
    const similar = expectOk(await images.similar(ask, requestContext()));
    expect(similar.results.map(({ id }) => id)).toEqual(['2']);
    const none = await images.similar({ ...ask, score_threshold: 0.9 }, requestContext());
    expect(expectOk(none).results).toEqual([]);
    expect(expectFailure(await images.get('7', requestContext())).code).toBe('not_found');
    expect(expectOk(await remote.describe())).toMatchObject({ vectorsCount: 2, status: 'green' });
    expect(await remote.health()).toEqual(healthy);
    await server.close(0);
    expect(await remote.health()).toBeUndefined();
    expect(expectFailure(await remote.describe()).code).toBe('search_unavailable');
  });

  it('tells of a service that is not healthy, and of one that is none', async () => {
    const unhealthy = { ...healthy, status: 'unhealthy', clip_loaded: false };
    const server = await serve((response, place) =>
      place === 0 ? answerJson(response, unhealthy, 503) : response.end('<html>'),
    );
    const remote = createRemoteService({ baseUrl: server.url });
    expect(await remote.health()).toEqual(unhealthy);
    expect(await remote.health()).toBeUndefined();
  });

  it('ends its connections', async () => {
    const server = await serve((response) => answerJson(response, createResponse()));
    const remote = createRemoteService({ baseUrl: server.url });
    expectOk(await remote.search(query, requestContext()));
    await remote.close();
    expectOk(await remote.search(query, requestContext()));
    expect(server.connections()).toBe(2);
  });
});
