import type { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createMemoryRateLimiter } from '../adapters/memory-rate-limiter.ts';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import { createRedisCache } from '../adapters/redis-cache.ts';
import { createFacets } from '../core/facets.ts';
import { createGeneration, withGeneration } from '../core/generation.ts';
import { createImages } from '../core/images.ts';
import { SearchResponse } from '../core/model.ts';
import type { Cache, VectorStore } from '../core/ports.ts';
import { createSearch } from '../core/search.ts';
import { createEdge } from '../edge/app.ts';
import { pictureUrls } from '../http/pictures.ts';
import { createClient } from '../web/client.ts';
import { expectOk } from './support/expect-ok.ts';
import { createFakeEncoder } from './support/fake-encoder.ts';
import { openSettings } from './support/openapi-edge.ts';
import { createPoint, randomVector } from './support/points.ts';
import { problemOf } from './support/problem.ts';
import { seededRandom } from './support/random.ts';
import { useRedisConnections } from './support/redis-connection.ts';
import { hasRedis, type RedisServer, startRedis, until } from './support/redis-server.ts';
import { createLog, healthy, post } from './support/search-app.ts';
import { startEdge, startService } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const now = () => performance.now();
const dimensions = 64;
const random = seededRandom(7);
const pointsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, place) =>
    createPoint(String(first + place), randomVector(random, dimensions)),
  );

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A real embedded store with 1,500 pictures, whose changes end the generation. */
async function openStore(cache: Cache): Promise<VectorStore> {
  const store = expectOk(
    await createEmbeddedStore({
      directory: await temporaryDirectory(),
      collection: 'images',
      model: createFakeEncoder().model,
    }),
  );
  closers.push(() => store.close());
  expectOk(await store.upsert(pointsFrom(1, 1500)));
  return withGeneration(store, createGeneration(cache, 'images'), { logger: createLog() });
}

function createPagingEdge(store: VectorStore, cache: Cache | undefined): Hono {
  const encoder = createFakeEncoder();
  return createEdge({
    search: createSearch({ encoder, store, urlsOf: pictureUrls }),
    images: createImages({ store, modelId: 'fake', urlsOf: pictureUrls }),
    health: async () => healthy,
    facets: createFacets(store),
    describe: () => store.describe(),
    metrics: createPrometheusMetrics(now),
    limiter: createMemoryRateLimiter({ now }),
    cached: cache && { cache, index: 'images', modelId: 'fake', ttlSeconds: 60 },
    settings: openSettings,
    logger: { ...createLog(), debug: () => {} },
    now,
    timeoutMs: 10_000,
  });
}

function clientOf(app: Hono) {
  return createClient({
    baseUrl: 'http://localhost',
    fetch: async (url, init) => app.request(String(url), init),
  });
}

const pageOf = async (response: Response | Promise<Response>) =>
  SearchResponse.parse(await (await response).json());

describe('paging over an index that changes', () => {
  it('gives every result of the frozen list once, in order', { timeout: 60_000 }, async () => {
    const cache = createMemoryCache({ now });
    const store = await openStore(cache);
    const encoder = createFakeEncoder();
    const [dog] = expectOk(await encoder.encodeTexts(['a dog']));
    const vector = dog?.vector ?? new Float32Array(dimensions);
    const frozen = expectOk(await store.query({ vector, limit: 1000 }));
    let next = 10_000;
    /** The nearest there can be, before all others; and some of the nearest there were are gone. */
    const change = async (step: number): Promise<void> => {
      const added = pointsFrom(next, 20).map(({ record }) => ({ record, vector }));
      next += added.length;
      expectOk(await store.upsert(added));
      const gone = frozen.slice(step * 5, step * 5 + 5);
      expectOk(await store.remove(gone.map(({ record }) => record.id)));
    };
    const client = clientOf(createPagingEdge(store, cache));
    const pages = client.pages({ query: 'a dog', top_k: 37 });
    const seen: string[] = [];
    let count = 0;
    for (;;) {
      const [page] = await Promise.all([pages.next(), change(count)]);
      if (page.done === true) break;
      if (!page.value.ok) throw new Error(page.value.problem.detail);
      seen.push(...page.value.value.results.map(({ id }) => id));
      count += 1;
    }
    expect(count).toBe(Math.ceil(1000 / 37));
    expect(new Set(seen).size).toBe(1000);
    expect(next).toBeGreaterThan(10_500);
    // Who begins now sees what was indexed meanwhile.
    const first = await client.search({ query: 'a dog', cursor: '*' });
    const ids = first.ok ? first.value.results.map(({ id }) => Number(id)) : [];
    expect(Math.min(...ids)).toBeGreaterThanOrEqual(10_000);
  });
});

describe('a page over HTTP', () => {
  it('is what the routes say, by POST and by GET', async () => {
    const cache = createMemoryCache({ now });
    const app = createPagingEdge(await openStore(cache), cache);
    const first = await app.request('/search', post({ query: 'a dog', top_k: 3, cursor: '*' }));
    const { next_cursor, results, cached } = await pageOf(first);
    expect([first.status, results.length, cached]).toEqual([200, 3, false]);
    const asked = `/search?q=A+Dog&top_k=3&cursor=${next_cursor}`;
    const second = await app.request(asked);
    const etag = second.headers.get('etag') ?? '';
    const page = await pageOf(second);
    expect(page).toMatchObject({ query: 'A Dog', total: 3, cached: true });
    expect(page.next_cursor).toMatch(/\.6$/);
    const again = await app.request(asked, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    const whole = await pageOf(app.request('/search', post({ query: 'a dog', top_k: 6 })));
    expect(whole).not.toHaveProperty('next_cursor');
    expect([...results, ...page.results]).toEqual(whole.results);
  });

  it('is refused with a cursor of another request, of another form, or of nobody', async () => {
    const cache = createMemoryCache({ now });
    const app = createPagingEdge(await openStore(cache), cache);
    const ask = (request: object) => app.request('/search', post({ query: 'a dog', ...request }));
    const { next_cursor: cursor } = await pageOf(ask({ cursor: '*' }));
    for (const wrong of [{ query: 'a cat', cursor }, { cursor: 'x' }, { cursor: 1 }]) {
      const problem = await problemOf(await ask(wrong));
      expect(problem).toMatchObject({ status: 422, code: 'invalid_field' });
      expect(problem.errors).toMatchObject([{ path: 'cursor' }]);
    }
    const gone = await ask({ cursor: `${'x'.repeat(22)}.10` });
    expect(await problemOf(gone)).toMatchObject({ status: 410, code: 'cursor_expired' });
    expect(gone.headers.get('retry-after')).toBeNull();
  });

  it('needs a cache', async () => {
    const app = createPagingEdge(await openStore(createMemoryCache({ now })), undefined);
    const refused = await app.request('/search', post({ query: 'a dog', cursor: '*' }));
    expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'cursor_unavailable' });
    expect((await app.request('/search', post({ query: 'a dog' }))).status).toBe(200);
  });
});

describe.skipIf(!hasRedis)('lists in Redis', () => {
  const { connect } = useRedisConnections();
  const started: RedisServer[] = [];
  afterEach(async () => {
    for (const redis of started.splice(0)) await redis.stop();
  });

  async function openRedis(...args: readonly string[]) {
    const redis = await startRedis({ args });
    started.push(redis);
    const connection = await connect({ port: redis.port, timeoutMs: 2000 });
    return { redis, cache: createRedisCache(connection) };
  }

  it('are read by every edge, and gone after their time', async () => {
    const { redis, cache } = await openRedis();
    const store = await openStore(cache);
    const [one, other] = [createPagingEdge(store, cache), createPagingEdge(store, cache)];
    const seen: string[] = [];
    let cursor: string | null | undefined = '*';
    for (let turn = 0; cursor; turn++) {
      const app: Hono = turn % 2 === 0 ? one : other;
      const page = await pageOf(app.request('/search', post({ query: 'a', top_k: 99, cursor })));
      seen.push(...page.results.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect([seen.length, new Set(seen).size]).toEqual([1000, 1000]);
    const keys = (await redis.cli('keys', '*list:*')).split('\n');
    expect(keys).toHaveLength(11);
    for (const key of keys) {
      const seconds = Number(await redis.cli('ttl', key));
      expect(seconds).toBeGreaterThan(500);
      expect(seconds).toBeLessThanOrEqual(600);
    }
  });

  it('are not there while Redis is not, and are gone with it; searches go on', async () => {
    const { redis, cache } = await openRedis();
    const app = createPagingEdge(await openStore(cache), cache);
    const ask = (cursor: string | null | undefined) =>
      app.request('/search', post({ query: 'a dog', cursor }));
    const { next_cursor } = await pageOf(ask('*'));
    redis.freeze();
    for (const cursor of [next_cursor, '*']) {
      const refused = await ask(cursor);
      expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'cursor_unavailable' });
      expect(refused.headers.get('retry-after')).toBe('1');
    }
    expect((await ask(null)).status).toBe(200);
    redis.thaw();
    await until(async () => (await ask(next_cursor)).status === 200);
    await redis.kill();
    expect((await ask(next_cursor)).status).toBe(503);
    await redis.restart();
    await until(async () => (await ask(next_cursor)).status === 410);
    await until(async () => (await ask('*')).status === 200);
  });

  it('give way where there is no room, and say so', async () => {
    const { redis, cache } = await openRedis(
      '--maxmemory',
      '3mb',
      '--maxmemory-policy',
      'allkeys-lru',
    );
    const app = createPagingEdge(await openStore(cache), cache);
    const ask = (query: string, cursor: string | null | undefined) =>
      app.request('/search', post({ query, cursor }));
    const cursors = new Map<string, string | null | undefined>();
    for (let list = 0; list < 20; list++) {
      const { next_cursor } = await pageOf(ask(`a dog ${list}`, '*'));
      cursors.set(`a dog ${list}`, next_cursor);
    }
    // Which ones, Redis decides; whatever is left of a list that is not whole is not answered.
    const statuses: number[] = [];
    for (const [query, cursor] of cursors) {
      const page = await ask(query, cursor);
      statuses.push(page.status);
      if (page.status === 200) expect((await pageOf(page)).total).toBe(10);
    }
    expect(statuses).toContain(410);
    expect(statuses.filter((status) => status !== 200 && status !== 410)).toEqual([]);
    await redis.cli('config', 'set', 'maxmemory-policy', 'noeviction');
    await redis.cli('config', 'set', 'maxmemory', '1mb');
    expect((await ask('a cat', '*')).status).toBe(503);
    expect((await ask('a cat', null)).status).toBe(200);
  });

  it('are kept by the edge, of what the service behind it finds', { timeout: 60_000 }, async () => {
    const redis = await startRedis();
    started.push(redis);
    const service = await startService(await temporaryDirectory());
    closers.push(service.stop);
    const edge = await startEdge({
      SERVICE_URL: service.url,
      REDIS_ENABLED: 'true',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      REDIS_TIMEOUT_MS: '2000',
    });
    closers.push(edge.stop);
    const client = createClient({ baseUrl: edge.url });
    const begin = () => client.search({ query: 'red', top_k: 2, cursor: '*' });
    await until(async () => (await begin()).ok);
    const sizes: number[] = [];
    const ids = new Set<string>();
    for await (const page of client.pages({ query: 'red', top_k: 2 })) {
      if (!page.ok) throw new Error(page.problem.detail);
      sizes.push(page.value.total);
      for (const { id } of page.value.results) ids.add(id);
    }
    expect([sizes, ids.size]).toEqual([[2, 1], 3]);
  });
});
