import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Lie, startLyingRedis } from '../test/support/lying-redis.ts';
import { timeoutMs, useRedisConnections } from '../test/support/redis-connection.ts';
import {
  expectUseful,
  expectUseless,
  longMs,
  rate,
  startCacheLoad,
} from '../test/support/redis-use.ts';
import {
  freePort,
  hasRedis,
  type RedisServer,
  type RedisServerOptions,
  startRedis,
  until,
} from '../test/support/redis-server.ts';
import { startTcpProxy } from '../test/support/tcp-proxy.ts';
import { createGeneration } from '../core/generation.ts';
import { createRedisCache } from './redis-cache.ts';
import { createRedisRateLimiter } from './redis-rate-limiter.ts';

describe.skipIf(!hasRedis)('A Redis that fails', () => {
  const { open, connect, lines } = useRedisConnections();
  const servers: RedisServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

  async function start(options?: RedisServerOptions): Promise<RedisServer> {
    const server = await startRedis(options);
    servers.push(server);
    return server;
  }

  it('is done without while it is absent, and used when it appears', async () => {
    const port = await freePort();
    const connection = open({ port });
    await expectUseless(connection);
    await until(() => lines.length > 0);
    await start({ port });
    await expectUseful(connection);
    expect(lines).toEqual([
      'warn: Cannot use Redis as it does not answer: it is done without',
      'info: Redis answers',
    ]);
  });

  it('is left alone once the connection is closed, whatever state that was in', async () => {
    const port = await freePort();
    const closed = [open({ port }), open({ port }), open({ port })];
    closed[0]?.close();
    await until(() => lines.length > 1);
    closed[1]?.close();
    const server = await start({ port });
    await until(() => closed[2]?.isUsable() === true);
    closed[2]?.close();
    await sleep(1000);
    // That is redis-cli itself.
    expect(await server.cli('info', 'clients')).toContain('connected_clients:1\r');
  });

  it('is done without while it is stopped, and used when it is back', async () => {
    const server = await start();
    const connection = await connect({ port: server.port });
    const load = startCacheLoad(createRedisCache(connection));
    await server.kill();
    await until(() => !connection.isUsable());
    await expectUseless(connection);
    await until(() => lines.length > 1);
    await server.restart();
    await expectUseful(connection);
    await load.end();
    expect(load.slowestMs()).toBeLessThan(longMs);
    expect(lines.map((line) => line.slice(0, 5))).toEqual(['info:', 'warn:', 'info:']);
  });

  it('costs those who meet it frozen the timeout, and nobody afterwards', async () => {
    const server = await start();
    const connection = await connect({ port: server.port });
    const cache = createRedisCache(connection);
    await cache.set('a', '1');
    const load = startCacheLoad(cache);
    server.freeze();
    await until(() => !connection.isUsable());
    // As long as a new connection hangs as well.
    await sleep(3000);
    await expectUseless(connection);
    server.thaw();
    await until(connection.isUsable);
    await load.end();
    expect(load.slowestMs()).toBeLessThan(longMs);
    // Most of them met it while it was known to be frozen.
    expect(load.count()).toBeGreaterThan(100);
    expect(load.medianMs()).toBeLessThan(timeoutMs / 2);
    await expectUseful(connection);
    expect(lines.map((line) => line.slice(0, 5))).toEqual(['info:', 'warn:', 'info:']);
  });

  it('gives everybody their own answer after it was frozen', async () => {
    const server = await start();
    const connection = await connect({ port: server.port });
    const cache = createRedisCache(connection);
    const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`);
    for (const key of keys) await cache.set(key, `value of ${key}`);
    for (const frozenMs of [timeoutMs * 1.5, timeoutMs * 6]) {
      server.freeze();
      const asked = keys.map(async (key, index) => {
        await sleep(index);
        return cache.get([key]);
      });
      await sleep(frozenMs);
      server.thaw();
      await Promise.all(asked);
      await until(connection.isUsable);
      for (const key of keys) expect(await cache.get([key])).toEqual([`value of ${key}`]);
    }
  });

  it('is done without while it is slow, and used when it is not', async () => {
    const server = await start();
    const proxy = await startTcpProxy(server.port);
    const connection = await connect({ port: proxy.port });
    const load = startCacheLoad(createRedisCache(connection));
    proxy.set({ kind: 'slow', delayMs: 2 * timeoutMs });
    await until(() => !connection.isUsable());
    await sleep(3000);
    await expectUseless(connection);
    proxy.set({ kind: 'slow', delayMs: 0 });
    await expectUseful(connection);
    await load.end();
    await proxy.close();
    expect(load.slowestMs()).toBeLessThan(longMs);
    expect(load.medianMs()).toBeLessThan(timeoutMs / 2);
  });

  it('keeps nothing while it is full, and gives and removes what it has', async () => {
    const server = await start();
    const connection = await connect({ port: server.port });
    const cache = createRedisCache(connection);
    await cache.set('before', '1');
    await server.cli('config', 'set', 'maxmemory', '1');
    expect(await cache.get(['before'])).toEqual(['1']);
    expect(await cache.set('after', '1')).toBe(false);
    expect(await cache.set('before', '2')).toBe(false);
    expect(await createRedisRateLimiter(connection).take('a', rate)).toBeUndefined();
    expect(await cache.remove('before')).toBe(true);
    expect(await cache.get(['before', 'after'])).toEqual([undefined, undefined]);
    expect(await cache.isConnected()).toBe(true);
    await server.cli('config', 'set', 'maxmemory', '0');
    await expectUseful(connection);
    expect(lines.filter((line) => line.includes('refuses'))).toEqual([
      'warn: Redis refuses a command: OOM',
    ]);
  });

  it('ends a generation at once where it refuses to end it later, and the other way round', async () => {
    const server = await start({ args: ['--rename-command', 'PEXPIRE', ''] });
    const cache = createRedisCache(await connect({ port: server.port }));
    await cache.set('a', '1');
    expect(await cache.shorten('a', 1)).toBe(false);
    const images = createGeneration(cache, 'images');
    for (let change = 0; change < 3; change += 1) {
      const generation = await images.ensure();
      expect(await images.endSoon()).toBe(true);
      expect(await images.ensure()).not.toBe(generation);
    }
    await server.cli('config', 'set', 'maxmemory', '1');
    expect(await images.endSoon()).toBe(true);
    expect(await images.ensure()).toBeUndefined();
    expect(await cache.isConnected()).toBe(true);
    await server.kill();
    expect(await images.endSoon()).toBe(false);
  });

  it('loses what it evicts and goes on', async () => {
    const server = await start({
      args: ['--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-lru'],
    });
    const cache = createRedisCache(await connect({ port: server.port }));
    const keys = Array.from({ length: 100 }, (_, index) => `large ${index}`);
    for (const key of keys) expect(await cache.set(key, 'x'.repeat(100_000))).toBe(true);
    const found = await cache.get(keys);
    expect(found?.filter((value) => value === undefined).length).toBeGreaterThan(50);
    expect(found?.at(-1)).toHaveLength(100_000);
  });

  it('is done without while the password is wrong, and used when it is right', async () => {
    const server = await start({ args: ['--requirepass', 'right'] });
    const connections = [
      open({ port: server.port }),
      open({ port: server.port, password: 'wrong' }),
      open({ port: server.port, username: 'nobody', password: 'right' }),
    ];
    await until(() => lines.length === connections.length);
    for (const connection of connections) await expectUseless(connection);
    expect(lines.join()).not.toContain('wrong');
    await expectUseful(await connect({ port: server.port, password: 'right' }));
    await expectUseful(
      await connect({ port: server.port, username: 'default', password: 'right' }),
    );
    await server.cli('-a', 'right', '--no-auth-warning', 'config', 'set', 'requirepass', 'wrong');
    await expectUseful(connections[1]);
  });

  it('is read while it is a replica, and written again when it is none', async () => {
    const args = ['--repl-diskless-sync-delay', '0'];
    const [primary, replica] = [await start({ args }), await start({ args })];
    const connection = await connect({ port: replica.port });
    const cache = createRedisCache(connection);
    await cache.set('a', '1');
    await replica.cli('replicaof', '127.0.0.1', String(primary.port));
    await until(async () => (await replica.cli('info')).includes('master_link_status:up'));
    await primary.cli('set', 'a', '2');
    await until(async () => (await cache.set('b', '1')) === false && connection.isUsable());
    // Its name may lead elsewhere by now, so it is left; but not with every refusal.
    await until(async () => (await cache.get(['a']))?.[0] === '2');
    expect(await cache.set('b', '1')).toBe(false);
    expect(await cache.get(['a'])).toEqual(['2']);
    await replica.cli('replicaof', 'no', 'one');
    await expectUseful(connection);
  });

  it.each<Lie>(['garbage', 'nonsense', 'closes at once', 'silent', 'byte by byte'])(
    'is done without while something else is in its place that says %s',
    async (lie) => {
      const port = await freePort();
      const liar = await startLyingRedis(port, lie);
      const connection = open({ port });
      const load = startCacheLoad(createRedisCache(connection));
      await sleep(2500);
      await expectUseless(connection);
      await load.end();
      await liar.close();
      expect(load.found()).toBe(0);
      expect(load.slowestMs()).toBeLessThan(longMs);
      const server = await start({ port });
      await expectUseful(connection);
      // And the other way round, in the middle of its work.
      await server.kill();
      const second = await startLyingRedis(port, lie);
      await sleep(500);
      await expectUseless(connection);
      await second.close();
      await server.restart();
      await expectUseful(connection);
    },
  );
});
