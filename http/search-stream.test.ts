import { afterEach, describe, expect, it } from 'vitest';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import { abortFailure, failure } from '../core/failure.ts';
import type { Hit, SearchResponse } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import type { RequestContext, Search } from '../core/search.ts';
import { readEvents } from '../test/support/event-reader.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createRecord } from '../test/support/points.ts';
import { createLog, createResponse, createTestApp, post } from '../test/support/search-app.ts';
import { listen, type RunningServer } from './server.ts';

const servers: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

async function serve(parts: Parameters<typeof createTestApp>[0]) {
  const { fetch } = createTestApp(parts);
  const server = expectOk(await listen({ fetch, hostname: '127.0.0.1', port: 0 }));
  servers.push(server);
  return { url: `http://127.0.0.1:${server.port}`, server };
}

const found = createResponse({ query: 'a dog', latency_ms: 7 });
const llm = {
  explanation: { outcome: 'ok', cached: false, input_tokens: 9, output_tokens: 3, cost_usd: 0.1 },
} as const;

/** A search that is explained as slowly as a test says. */
function createExplained(
  explain: (context: RequestContext) => Promise<void>,
  end: () => ReturnType<Search> = async () => ok({ ...found, explanation: 'Woof.', llm }),
): Search {
  return async (_, context) => {
    context.notes.cache = 'miss';
    context.timings.add('encode', 3);
    context.progress?.results(found);
    await context.timings.measure('explanation', () => explain(context));
    return end();
  };
}

/** Until a signal says so. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

describe('a search that is streamed', () => {
  it('sends its results before the explanation has begun, its pieces as they come, and the rest', async () => {
    const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const metrics = createPrometheusMetrics(() => performance.now());
    const search = createExplained(async ({ progress }) => {
      await steps[0].promise;
      progress?.explanation('Woof');
      await steps[1].promise;
      progress?.explanation('.\n"');
    });
    const { url } = await serve({ search, metrics });
    const reader = await readEvents(url, { headers: { 'x-request-id': 'request-1' } });
    expect(reader.status).toBe(200);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': 'request-1',
      'x-cache': 'miss',
      'x-content-type-options': 'nosniff',
      'server-timing': expect.stringMatching(/^encode;dur=3\.000, total;dur=[\d.]+$/),
    });
    expect(await reader.nextValue()).toEqual(['results', found]);
    expect(metrics.summaries()).toMatchObject({ total: { count: 1 }, explanation: { count: 0 } });
    steps[0].resolve();
    expect(await reader.nextValue()).toEqual(['explanation', { text: 'Woof' }]);
    steps[1].resolve();
    expect(await reader.nextValue()).toEqual(['explanation', { text: '.\n"' }]);
    expect(await reader.nextValue()).toEqual([
      'done',
      {
        explanation: 'Woof.',
        llm,
        latency_ms: 7,
        timing: { encode: 3, explanation: expect.any(Number), total: expect.any(Number) },
      },
    ]);
    expect(await reader.next()).toBeUndefined();
    expect(metrics.summaries()).toMatchObject({ total: { count: 1 }, explanation: { count: 1 } });
  });

  it('is results and the end of it where nobody explains', async () => {
    const whole: SearchResponse = { ...found, explanation: 'kept from before', llm };
    const { url } = await serve({ search: async () => ok(whole) });
    const reader = await readEvents(url, { body: { query: 'a dog' } });
    expect(await reader.nextValue()).toEqual(['results', { ...whole, explanation: null }]);
    expect(await reader.nextValue()).toMatchObject([
      'done',
      { explanation: 'kept from before', llm },
    ]);
    expect(await reader.next()).toBeUndefined();
  });

  it('sends its results again where a model has put them in another order, and only there', async () => {
    const goOn = Promise.withResolvers<void>();
    const hit = (id: string): Hit => ({
      id,
      score: 0.5,
      confidence: null,
      duplicates: [],
      metadata: { ...createRecord(id).metadata, url: `/pictures/${id}`, thumbnail_url: null },
    });
    const before = { ...found, results: [hit('1'), hit('2')], total: 2 };
    const outcome = { ...llm.explanation, cost_usd: null };
    const after = { ...before, results: [hit('2'), hit('1')], llm: { rerank: outcome } };
    const metrics = createPrometheusMetrics(() => performance.now());
    const search: Search = async ({ query }, { progress, timings }) => {
      progress?.results(before);
      await timings.measure('rerank', () => goOn.promise);
      const last = query === 'same' ? { ...after, results: [hit('1'), hit('2')] } : after;
      progress?.results(last);
      progress?.results(last);
      return ok(last);
    };
    const { url } = await serve({ search, metrics });
    const reader = await readEvents(url);
    expect(await reader.nextValue()).toEqual(['results', before]);
    expect(metrics.summaries()).toMatchObject({ total: { count: 1 }, rerank: { count: 0 } });
    goOn.resolve();
    expect(await reader.nextValue()).toEqual(['results', after]);
    expect(await reader.nextValue()).toMatchObject(['done', { llm: { rerank: outcome } }]);
    expect(metrics.summaries()).toMatchObject({ total: { count: 1 }, rerank: { count: 1 } });
    const same = await readEvents(url, { body: { query: 'same' } });
    expect(await same.nextValue()).toEqual(['results', before]);
    expect(await same.nextValue()).toMatchObject(['done', { llm: { rerank: outcome } }]);
  });

  it('is refused like any other search before it has begun', async () => {
    const search: Search = async () => err(failure('overloaded', 'Cannot search now'));
    const { url } = await serve({ search });
    const reader = await readEvents(url);
    expect(reader.status).toBe(503);
    expect(reader.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': '1',
    });
    expect(JSON.parse(await reader.rest())).toMatchObject({ code: 'overloaded', status: 503 });
    const invalid = await readEvents(url, { body: { query: '' } });
    expect(invalid.status).toBe(422);
    const bodiless = await createTestApp().request(
      '/search',
      post('{', { accept: 'text/event-stream' }),
    );
    expect(bodiless.status).toBe(400);
  });

  it('says with an event what fails after the results', async () => {
    const log = createLog();
    const end = async () => err(failure('store_unavailable', 'Cannot go on'));
    const { url } = await serve({ search: createExplained(async () => {}, end), logger: log });
    const reader = await readEvents(url, { headers: { 'x-request-id': 'request-2' } });
    expect(reader.status).toBe(200);
    expect(await reader.nextValue()).toEqual(['results', found]);
    expect(await reader.nextValue()).toEqual([
      'error',
      {
        type: '/docs#store_unavailable',
        title: 'The vector store does not answer',
        status: 503,
        detail: 'Cannot go on',
        code: 'store_unavailable',
        request_id: 'request-2',
      },
    ]);
    expect(await reader.next()).toBeUndefined();
    expect(log.lines).toContainEqual({ level: 'warn', message: 'Cannot go on' });
  });

  it('tells nobody what a bug was, neither before the results nor after them', async () => {
    const log = createLog();
    const bug = async (): Promise<never> => {
      throw new Error('secret');
    };
    const before = await serve({ search: bug, logger: log });
    const refused = await readEvents(before.url);
    expect(refused.status).toBe(500);
    expect(await refused.rest()).not.toContain('secret');
    const after = await serve({ search: createExplained(bug), logger: log });
    const reader = await readEvents(after.url);
    expect(await reader.nextValue()).toEqual(['results', found]);
    const said = await reader.nextValue();
    expect(said).toMatchObject(['error', { status: 500, code: 'internal' }]);
    expect(JSON.stringify(said)).not.toContain('secret');
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  it('ends the work of a caller that leaves', async () => {
    const left = Promise.withResolvers<string>();
    const search = createExplained(async ({ signal }) => {
      await untilAborted(signal);
      left.resolve(abortFailure(signal).code);
    });
    const { url } = await serve({ search });
    const reader = await readEvents(url);
    expect(await reader.nextValue()).toEqual(['results', found]);
    reader.leave();
    expect(await left.promise).toBe('cancelled');
  });

  it('ends in time', async () => {
    const search = createExplained(
      ({ signal }) => untilAborted(signal),
      async () => ok(found),
    );
    const { url } = await serve({ search, timeoutMs: 100 });
    const reader = await readEvents(url);
    expect(await reader.nextValue()).toEqual(['results', found]);
    expect(await reader.nextValue()).toMatchObject(['done', { explanation: null }]);
  });

  it('says now and then that it is still there', async () => {
    const goOn = Promise.withResolvers<void>();
    const search = createExplained(() => goOn.promise);
    const { url } = await serve({ search, keepAliveMs: 20 });
    const reader = await readEvents(url);
    expect(await reader.nextValue()).toEqual(['results', found]);
    setTimeout(goOn.resolve, 200);
    expect(await reader.rest()).toMatch(/^(: still here\n\n){2,}event: done\ndata: /);
  });

  it('is told to each of two callers apart', async () => {
    const explained = Promise.withResolvers<void>();
    const search: Search = async ({ query }, { progress }) => {
      const own = { ...found, query };
      progress?.results(own);
      await explained.promise;
      progress?.explanation(query);
      return ok({ ...own, explanation: query });
    };
    const { url } = await serve({ search });
    const readers = await Promise.all(
      ['one', 'two'].map((query) => readEvents(url, { body: { query } })),
    );
    for (const [index, query] of ['one', 'two'].entries()) {
      expect(await readers[index]?.nextValue()).toMatchObject(['results', { query }]);
    }
    explained.resolve();
    for (const [index, query] of ['one', 'two'].entries()) {
      expect(await readers[index]?.nextValue()).toEqual(['explanation', { text: query }]);
      expect(await readers[index]?.nextValue()).toMatchObject(['done', { explanation: query }]);
    }
  });

  it('is heard to its end by a server that stops', async () => {
    const goOn = Promise.withResolvers<void>();
    const { url, server } = await serve({ search: createExplained(() => goOn.promise) });
    const reader = await readEvents(url);
    expect(await reader.nextValue()).toEqual(['results', found]);
    const closed = server.close(20_000);
    await expect(readEvents(url)).rejects.toThrow(/ECONNREFUSED/);
    goOn.resolve();
    expect(await reader.nextValue()).toMatchObject(['done', { explanation: 'Woof.' }]);
    expect(await reader.next()).toBeUndefined();
    await closed;
  });

  it('is JSON for whoever does not ask for events, and for GET and HEAD', async () => {
    const { url } = await serve({ search: createExplained(async () => {}) });
    const json = await readEvents(url, { headers: { accept: '*/*' } });
    expect(json.headers['content-type']).toBe('application/json');
    expect(JSON.parse(await json.rest())).toMatchObject({ explanation: 'Woof.' });
    const read = await readEvents(url, { method: 'GET', path: '/search?q=a' });
    expect(read.headers['content-type']).toBe('application/json');
    const head = await readEvents(url, { method: 'HEAD', path: '/search?q=a' });
    expect(head.headers['content-type']).toBe('application/json');
    expect(await head.rest()).toBe('');
  });

  it('counts how long the results took alone where all comes at once', async () => {
    const metrics = createPrometheusMetrics(() => performance.now());
    const slow = createExplained(() => new Promise((resolve) => setTimeout(resolve, 300)));
    const app = createTestApp({ search: slow, metrics });
    expect((await app.request('/search', post({ query: 'a' }))).status).toBe(200);
    const { total, explanation } = metrics.summaries();
    expect(explanation.p50_ms).toBeGreaterThan(total.p50_ms);
  });
});
