import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SearchResponse } from '../core/model.ts';
import { runScript, startScript } from './support/processes.ts';
import { freePort, hasRedis, type RedisServer, startRedis, until } from './support/redis-server.ts';
import { post } from './support/search-app.ts';
import { startEdge, startService } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
let redis: RedisServer;
let redisEnv: Record<string, string>;

async function ask(url: string, request: object) {
  const response = await fetch(`${url}/search`, post(request));
  expect(response.status).toBe(200);
  const { results, cached } = SearchResponse.parse(await response.json());
  expect(cached).toBe(response.headers.get('x-cache') === 'hit');
  const paths = results.map(({ metadata }) => metadata.file_path);
  return { state: response.headers.get('x-cache'), paths };
}

/** The value of a metric without labels. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

describe.skipIf(!hasRedis)('the cache of a whole system', () => {
  beforeAll(async () => {
    redis = await startRedis();
    redisEnv = {
      REDIS_ENABLED: 'true',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      // The machine may be busy with other tests; how long Redis may take is not what is looked at.
      REDIS_TIMEOUT_MS: '5000',
    };
  });
  afterAll(() => redis.stop());

  it('costs one encode and one search for 1,000 who ask the same at once', async () => {
    const service = await startService(await temporaryDirectory());
    const edge = await startEdge({
      ...redisEnv,
      SERVICE_URL: service.url,
      RATE_LIMIT_PER_SECOND: '0',
    });
    await until(async () => (await ask(edge.url, { query: 'warm' })).state === 'hit');
    const before = await metric(service.url, 'encoder_batch_texts_sum');
    const asked = Array.from({ length: 1000 }, () => ask(edge.url, { query: 'a red picture' }));
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ paths }) => paths.join())).size).toBe(1);
    expect(await metric(service.url, 'encoder_batch_texts_sum')).toBe(before + 1);
    expect((await ask(edge.url, { query: 'A red  PICTURE' })).state).toBe('hit');
    await edge.stop();
    await service.stop();
  });

  it('never hides a picture that was indexed a moment ago', async () => {
    const directory = await temporaryDirectory();
    const port = String(await freePort());
    let service = await startService(directory, { API_PORT: port });
    const edge = await startEdge({ ...redisEnv, SERVICE_URL: service.url });
    await until(async () => (await ask(edge.url, { query: 'red' })).state === 'hit');
    await service.stop();
    // The service is gone, so what comes now comes from Redis.
    expect(await ask(edge.url, { query: 'red' })).toMatchObject({ state: 'hit' });

    const folder = join(await temporaryDirectory(), 'new');
    await mkdir(folder);
    await copyFile('test/fixtures/pictures/colours/red.png', join(folder, 'fresh.png'));
    const env = { DATA_DIR: directory, ...redisEnv };
    expect(await runScript('index', [join(folder, '..')], env)).toMatchObject({ code: 0 });
    service = await startService(directory, { API_PORT: port });

    const seen = await ask(edge.url, { query: 'red' });
    expect(seen.state).toBe('miss');
    expect(seen.paths).toContain('new/fresh.png');
    await edge.stop();
    await service.stop();
  });

  it('serves npm start, goes on without Redis, and comes back to it', async () => {
    const directory = await temporaryDirectory();
    await runScript('index', ['test/fixtures/pictures'], { DATA_DIR: directory });
    const own = await startRedis();
    const env = { ...redisEnv, DATA_DIR: directory, API_PORT: '0', REDIS_PORT: String(own.port) };
    const start = async () => {
      const server = startScript('serve', [], { ...env, REDIS_TIMEOUT_MS: '500' });
      const [, url = ''] = await server.waitFor(/Ready: (\S+)/);
      return { server, url };
    };
    const first = await start();
    await until(async () => (await ask(first.url, { query: 'red' })).state === 'hit');
    first.server.process.kill('SIGTERM');
    expect((await first.server.finished).code).toBe(0);
    const { server, url } = await start();
    await until(async () => (await ask(url, { query: 'red' })).state === 'hit');
    expect(await metric(url, 'encoder_batch_texts_count')).toBe(0);

    await own.kill();
    expect((await ask(url, { query: 'red' })).state).toBe('bypass');
    const health = await fetch(`${url}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ status: 'degraded', redis_connected: false });
    await own.restart();
    await until(async () => (await ask(url, { query: 'red' })).state === 'hit');
    server.process.kill('SIGTERM');
    expect((await server.finished).code).toBe(0);
    await own.stop();
  });
});
