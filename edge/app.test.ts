import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createMemoryRateLimiter } from '../adapters/memory-rate-limiter.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import { createFacets } from '../core/facets.ts';
import { createImages } from '../core/images.ts';
import type { Cache } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { createKey } from '../test/support/api-keys.ts';
import { createResponse, healthy, post } from '../test/support/search-app.ts';
import { createEdge, type EdgeParts, type EdgeSettings } from './app.ts';

const now = () => performance.now();

type Line = Readonly<Record<string, unknown>>;

function createTestEdge(changes: Partial<EdgeParts> = {}, settings: Partial<EdgeSettings> = {}) {
  const lines: Line[] = [];
  const log = (fields: Line) => void lines.push(fields);
  const searched: string[] = [];
  const search: Search = async ({ query }) => {
    searched.push(query);
    await Promise.resolve();
    return ok(createResponse({ query }));
  };
  const store = createMemoryStore({ dimensions: 2 });
  const app = createEdge({
    search,
    images: createImages({
      store,
      modelId: 'fake',
      urlsOf: () => ({ url: '/', thumbnail_url: null }),
    }),
    facets: createFacets(store),
    describe: () => store.describe(),
    health: async () => healthy,
    limiter: createMemoryRateLimiter({ now }),
    metrics: createPrometheusMetrics(now),
    logger: { debug: log, info: log, warn: log, error: log },
    now,
    timeoutMs: 5000,
    settings: {
      keys: [],
      keysRequired: false,
      rate: { perSecond: 0, burst: 1 },
      trustedProxies: 0,
      corsOrigins: [],
      logQueries: false,
      ...settings,
    },
    ...changes,
  });
  return { app, lines, searched };
}

function cachedIn(cache: Cache) {
  return { cache, index: 'images', modelId: 'fake', ttlSeconds: 60 };
}

function withKey(key: string) {
  return post({ query: 'a dog' }, { 'x-api-key': key });
}

describe('an edge', () => {
  it('searches once for all who ask the same at the same time', async () => {
    const { app, searched } = createTestEdge();
    const ask = () => app.request('/search', post({ query: 'a dog' }));
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(searched).toEqual(['a dog']);
    expect(answers[0]?.headers.get('x-cache')).toBeNull();
  });

  it('searches once for all who ask the same one after the other, where it has a cache', async () => {
    const { app, searched } = createTestEdge({ cached: cachedIn(createMemoryCache({ now })) });
    for (const state of ['miss', 'hit', 'hit']) {
      const answer = await app.request('/search', post({ query: 'a dog' }));
      expect(answer.headers.get('x-cache')).toBe(state);
    }
    expect(searched).toHaveLength(1);
  });

  it('logs and lets be read whom it refuses, and never the key', async () => {
    const { key, ...entry } = createKey();
    const settings = { keys: [entry], keysRequired: true, corsOrigins: ['https://a.example'] };
    const { app, lines } = createTestEdge({}, settings);
    const headers = { origin: 'https://a.example', 'x-api-key': `${key.slice(0, -1)}!` };
    const refused = await app.request('/search', post({ query: 'a dog' }, headers));
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect((await app.request('/search', withKey(key))).status).toBe(200);
    expect(lines).toMatchObject([
      { route: '/search', status: 401, code: 'unauthenticated' },
      { route: '/search', status: 200, code: 'ok' },
    ]);
    expect(JSON.stringify(lines)).not.toContain(key.slice(0, -1));
  });

  it('lets search without a key where none is required, and nothing else', async () => {
    const { key, ...entry } = createKey({ scopes: ['admin'] });
    const { app } = createTestEdge({}, { keys: [entry] });
    expect((await app.request('/search', post({ query: 'a dog' }))).status).toBe(200);
    expect((await app.request('/stats')).status).toBe(401);
    expect((await app.request('/stats', { headers: { 'x-api-key': key } })).status).toBe(200);
  });

  it('lets do everything where there are no keys', async () => {
    const { app } = createTestEdge();
    expect((await app.request('/stats')).status).toBe(200);
  });

  it('lets nobody search where keys are required and there are none', async () => {
    const { app, searched } = createTestEdge({}, { keysRequired: true });
    expect((await app.request('/search', post({ query: 'a dog' }))).status).toBe(401);
    expect(searched).toEqual([]);
  });

  it('counts requests by caller', async () => {
    const { app } = createTestEdge({}, { rate: { perSecond: 0.001, burst: 1 }, trustedProxies: 1 });
    const from = (address: string) =>
      app.request('/search', post({ query: 'a dog' }, { 'x-forwarded-for': address }));
    expect((await from('192.0.2.1')).status).toBe(200);
    expect((await from('192.0.2.1')).status).toBe(429);
    expect((await from('192.0.2.2')).status).toBe(200);
  });

  it('counts whom it refuses', async () => {
    const metrics = createPrometheusMetrics(now);
    const { app } = createTestEdge({ metrics }, { keysRequired: true });
    await app.request('/search', post({ query: 'a dog' }));
    expect((await metrics.exposition()).body).toContain('code="unauthenticated"');
  });

  it('is degraded without its Redis, and as ill as the service', async () => {
    const memory = createMemoryCache({ now });
    const health = async (connected: boolean, status: 'healthy' | 'unhealthy') => {
      const cache = { ...memory, kind: 'redis', isConnected: async () => connected };
      const parts = { cached: cachedIn(cache), health: async () => ({ ...healthy, status }) };
      const answer = await createTestEdge(parts).app.request('/health');
      return [answer.status, await answer.json()];
    };
    expect(await health(true, 'healthy')).toMatchObject([
      200,
      { status: 'healthy', redis_connected: true },
    ]);
    expect(await health(false, 'healthy')).toMatchObject([
      200,
      { status: 'degraded', redis_connected: false },
    ]);
    expect(await health(false, 'unhealthy')).toMatchObject([503, { status: 'unhealthy' }]);
    const withMemory = createTestEdge({ cached: cachedIn(memory) });
    const answer = await withMemory.app.request('/health');
    expect(await answer.json()).toMatchObject({ status: 'healthy', redis_connected: null });
  });

  it('lets its page send to where uploads go, and nowhere else', async () => {
    const policyOf = async (connectTo?: readonly string[]) => {
      const { app } = createTestEdge(connectTo === undefined ? {} : { connectTo });
      return (await app.request('/livez')).headers.get('content-security-policy');
    };
    expect(await policyOf()).toBe(
      "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    );
    expect(await policyOf(['https://pictures.example', 'https://other.example'])).toContain(
      "; connect-src 'self' https://pictures.example https://other.example;",
    );
  });
});
