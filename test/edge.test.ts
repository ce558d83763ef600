import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SearchResponse } from '../core/model.ts';
import { Health } from '../http/health.ts';
import { createKey } from './support/api-keys.ts';
import { startProcess } from './support/processes.ts';
import { freePort, hasRedis, type RedisServer, startRedis, until } from './support/redis-server.ts';
import { createResponse, post } from './support/search-app.ts';
import { type RunningService, startEdge, startService } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const secret = 'known-to-the-edge-and-the-service';

let service: RunningService;
let edge: RunningService;
beforeAll(async () => {
  service = await startService(await temporaryDirectory(), { SERVICE_SECRET: secret });
  edge = await startEdge({ SERVICE_URL: service.url, SERVICE_SECRET: secret });
});
afterAll(async () => {
  await edge?.stop();
  await service?.stop();
});

async function withEdge(
  env: Readonly<Record<string, string>>,
  work: (edge: RunningService) => Promise<void>,
): Promise<void> {
  const started = await startEdge({ SERVICE_URL: service.url, SERVICE_SECRET: secret, ...env });
  try {
    await work(started);
  } finally {
    await started.stop();
  }
}

function search(url: string, query = 'red', headers: Readonly<Record<string, string>> = {}) {
  return fetch(`${url}/search`, post({ query }, headers));
}

describe('the edge in front of the service', () => {
  it('answers a search with what the service found', async () => {
    const response = await search(edge.url);
    expect(response.status).toBe(200);
    const found = SearchResponse.parse(await response.json());
    const direct = await search(service.url, 'red', { 'x-service-secret': secret });
    const { results } = SearchResponse.parse(await direct.json());
    expect(found.total).toBe(3);
    expect(found.results).toEqual(results);
    expect(response.headers.get('server-timing')).toMatch(/remote;dur=.*total;dur=/);
  });

  it('gives a request one id from the caller to the service and back', async () => {
    const response = await search(edge.url, 'green', { 'x-request-id': 'one-id-for-all' });
    expect(response.headers.get('x-request-id')).toBe('one-id-for-all');
    for (const { output } of [edge, service]) {
      await until(() => output().includes('"request_id":"one-id-for-all"'));
    }
  });

  it('hands on the failures of the service under their codes', async () => {
    const unknown = await fetch(`${edge.url}/images/1`, {
      headers: { 'x-request-id': 'not-found-1' },
    });
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ code: 'not_found', request_id: 'not-found-1' });
    const similar = await fetch(`${edge.url}/images/1/similar`);
    expect(await similar.json()).toMatchObject({ code: 'not_found' });
    const wrong = await search(edge.url, '');
    expect(wrong.status).toBe(422);
    expect(await wrong.json()).toMatchObject({ code: 'invalid_field' });
  });

  it('tells how the service is, and the collection', async () => {
    const health = await fetch(`${edge.url}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({
      status: 'healthy',
      clip_loaded: true,
      redis_connected: null,
      model: 'demo',
    });
    const stats = await (await fetch(`${edge.url}/stats`)).json();
    expect(stats).toMatchObject({ collection: { collection: 'images', vectors_count: 3 } });
    expect(await (await fetch(`${edge.url}/metrics`)).text()).toContain('stage="remote"');
  });

  it('does not get through with another secret, and says so in its log alone', async () => {
    await withEdge({ SERVICE_SECRET: 'known-to-nobody-else-at-all' }, async (other) => {
      const response = await search(other.url);
      expect(response.status).toBe(503);
      const body = await response.text();
      expect(JSON.parse(body)).toMatchObject({ code: 'search_unavailable' });
      expect(body).not.toMatch(/secret/i);
      await until(() => other.output().includes('SERVICE_SECRET'));
      expect(other.output()).not.toContain('known-to-nobody-else-at-all');
    });
  });

  it('asks for keys by default, and counts what their holders ask', async () => {
    const { key, ...entry } = createKey({ rate: { perSecond: 0.001, burst: 2 } });
    const env = { API_KEYS_REQUIRED: '', API_KEYS: JSON.stringify([entry]) };
    await withEdge(env, async ({ url, output }) => {
      const refused = await search(url);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
      const first = await search(url, 'red', { authorization: `Bearer ${key}` });
      expect(first.status).toBe(200);
      expect(first.headers.get('ratelimit-remaining')).toBe('1');
      expect((await search(url, 'red', { 'x-api-key': key })).status).toBe(200);
      const third = await search(url, 'red', { 'x-api-key': key });
      expect(third.status).toBe(429);
      expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
      const stats = await fetch(`${url}/stats`, { headers: { 'x-api-key': key } });
      expect([403, 429]).toContain(stats.status);
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      await until(() => output().includes('"status":429'));
      expect(output()).not.toContain(key);
    });
  });

  it('lets pages of named origins call', async () => {
    await withEdge({ CORS_ORIGINS: 'https://a.example' }, async ({ url }) => {
      const response = await search(url, 'red', { origin: 'https://a.example' });
      expect(response.headers.get('access-control-allow-origin')).toBe('https://a.example');
      const other = await search(url, 'red', { origin: 'https://b.example' });
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
    });
  });

  it('says what keeps it from starting, and exits with 1', async () => {
    const started = startProcess('edge/main.ts', [], { SERVICE_URL: service.url });
    const { code, stdout } = await started.finished;
    expect(code).toBe(1);
    expect(stdout).toContain('API_KEYS_REQUIRED: needs a key in API_KEYS');
  });
});

describe('an edge whose service is not there yet', () => {
  it('starts, refuses quickly, and searches as soon as the service is there', async () => {
    const port = await freePort();
    await withEdge({ SERVICE_URL: `http://127.0.0.1:${port}` }, async ({ url }) => {
      const refused = await search(url);
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ code: 'search_unavailable' });
      expect(refused.headers.get('retry-after')).not.toBeNull();
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      const health = await fetch(`${url}/health`);
      expect(health.status).toBe(503);
      expect(await health.json()).toMatchObject({ status: 'unhealthy', model: 'demo' });
      const env = { SERVICE_SECRET: secret, API_PORT: String(port) };
      const late = await startService(await temporaryDirectory(), env);
      await until(async () => (await search(url)).status === 200);
      expect((await fetch(`${url}/health`)).status).toBe(200);
      await late.stop();
    });
  });
});

describe('an edge that is told to end', () => {
  it('answers first what was asked', async () => {
    const asked = Promise.withResolvers<() => void>();
    const slow = createServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      asked.resolve(() => response.end(JSON.stringify(createResponse({ query: 'red' }))));
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const { port } = slow.address() as AddressInfo;
    const leaving = await startEdge({ SERVICE_URL: `http://127.0.0.1:${port}` });
    const answer = search(leaving.url);
    const respond = await asked.promise;
    leaving.process.kill('SIGTERM');
    await until(() => leaving.output().includes('Draining'));
    await expect(search(leaving.url)).rejects.toThrow('fetch failed');
    respond();
    expect((await answer).status).toBe(200);
    expect((await leaving.finished).code).toBe(0);
    slow.close();
  });
});

describe.skipIf(!hasRedis)('the edge with Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  it('answers what was asked before without the service, until Redis is gone', async () => {
    const env = {
      REDIS_ENABLED: 'true',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      // On a busy machine 50 ms are not much.
      REDIS_TIMEOUT_MS: '2000',
    };
    await withEdge(env, async ({ url }) => {
      const health = async () => Health.parse(await (await fetch(`${url}/health`)).json());
      await until(async () => (await health()).redis_connected === true);
      expect((await search(url, 'blue')).headers.get('x-cache')).toBe('miss');
      const again = await search(url, ' BLUE ');
      expect(again.headers.get('x-cache')).toBe('hit');
      expect(again.headers.get('server-timing')).not.toContain('remote');
      expect(await again.json()).toMatchObject({ query: 'BLUE', cached: true, total: 3 });
      await redis.kill();
      const without = await search(url, 'blue');
      expect(without.status).toBe(200);
      expect(without.headers.get('x-cache')).toBe('bypass');
      expect((await fetch(`${url}/health`)).status).toBe(200);
      expect(await health()).toMatchObject({ status: 'degraded', redis_connected: false });
      await redis.restart();
      await until(async () => (await search(url, 'blue')).headers.get('x-cache') === 'hit');
    });
  });
});
