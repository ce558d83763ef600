import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeCache } from '../test/contracts/cache.ts';
import { timeoutMs, useRedisConnections } from '../test/support/redis-connection.ts';
import {
  hasRedis,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../test/support/redis-server.ts';
import { createRedisCache } from './redis-cache.ts';

describe.skipIf(!hasRedis)('The cache in one Redis', () => {
  let server: RedisServer;
  const { connect } = useRedisConnections();
  const connectCache = async () => createRedisCache(await connect({ port: server.port }));
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  describeCache('Redis', async () => {
    await server.cli('flushall');
    return { cache: await connectCache(), pass: (ms) => sleep(ms) };
  });

  it('asks Redis once for all that is asked in one turn, and for every key once', async () => {
    const cache = await connectCache();
    await cache.set('generation', '1');
    const asked = async () => {
      const stats = await server.cli('info', 'commandstats');
      return Number(/cmdstat_mget:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    const before = await asked();
    const found = await Promise.all(
      Array.from({ length: 100 }, (_, index) => cache.get(['generation', `answer ${index}`])),
    );
    expect(found).toEqual(Array.from({ length: 100 }, () => ['1', undefined]));
    expect((await asked()) - before).toBe(1);
  });

  it('does not keep what is too long', async () => {
    const cache = createRedisCache(await connect({ port: server.port }), { maxValueLength: 10 });
    expect(await cache.set('long', 'x'.repeat(11))).toBe(false);
    expect(await cache.set('long', 'x'.repeat(10))).toBe(true);
  });

  it('shares what it keeps with others', async () => {
    const [one, other] = [await connectCache(), await connectCache()];
    await one.set('shared', '1');
    expect(await other.get(['shared'])).toEqual(['1']);
    expect(await other.set('shared', '2', { onlyIfAbsent: true })).toBe(false);
    await other.remove('shared');
    expect(await one.get(['shared'])).toEqual([undefined]);
  });

  it('takes a value of another type for none, and puts its own in the place', async () => {
    const cache = await connectCache();
    for (const key of ['list', 'list of the generation']) await server.cli('rpush', key, 'x');
    expect(await cache.get(['list', 'list of the generation'])).toEqual([undefined, undefined]);
    expect(await cache.set('list', '1')).toBe(true);
    expect(await cache.set('list of the generation', '2', { onlyIfAbsent: true })).toBe(true);
    expect(await cache.get(['list', 'list of the generation'])).toEqual(['1', '2']);
    await server.cli('hset', 'hash', 'a', 'b');
    expect(await cache.remove('hash')).toBe(true);
  });

  it('does not take its own process being busy for a slow Redis', async () => {
    const connection = await connect({ port: server.port });
    const cache = createRedisCache(connection);
    await cache.set('a', '1');
    const asked = cache.get(['a']);
    // Asked by now, and answered while nobody reads.
    await new Promise((resolve) => void setImmediate(resolve));
    for (const endsAt = performance.now() + 2 * timeoutMs; performance.now() < endsAt;);
    expect(await asked).toEqual(['1']);
    expect(connection.isUsable()).toBe(true);
  });

  it('gives nothing once it is closed', async () => {
    const cache = await connectCache();
    await cache.set('a', '1');
    const asked = cache.get(['a']);
    await cache.close();
    expect(await asked).toBeUndefined();
    expect(await cache.get(['a'])).toBeUndefined();
    expect(await cache.set('a', '1')).toBe(false);
    expect(await cache.remove('a')).toBe(false);
    expect(await cache.isConnected()).toBe(false);
    await cache.close();
  });
});

describe.skipIf(!hasRedis)('The cache in a Redis Cluster', () => {
  let nodes: readonly RedisServer[] = [];
  const { connect } = useRedisConnections();
  const connectCache = async () =>
    createRedisCache(await connect({ port: nodes[0]?.port ?? 0, cluster: true }));
  beforeAll(async () => {
    nodes = await startRedisCluster();
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  describeCache('A Redis Cluster', async () => {
    for (const node of nodes) await node.cli('flushall');
    return { cache: await connectCache(), pass: (ms) => sleep(ms) };
  });

  it('spreads keys over its nodes', async () => {
    for (const node of nodes) await node.cli('flushall');
    const cache = await connectCache();
    const keys = Array.from({ length: 60 }, (_, index) => `key ${index}`);
    for (const key of keys) await cache.set(key, key);
    expect(await cache.get(keys)).toEqual(keys);
    for (const node of nodes) expect(Number(await node.cli('dbsize'))).toBeGreaterThan(5);
  });

  it('takes a value of another type for none, and puts its own in the place', async () => {
    const cache = await connectCache();
    await nodes[0]?.cli('-c', 'rpush', 'list', 'x');
    await cache.set('text', '1');
    expect(await cache.get(['list', 'text'])).toEqual([undefined, '1']);
    expect(await cache.set('list', '2', { onlyIfAbsent: true })).toBe(true);
    expect(await cache.get(['list', 'text'])).toEqual(['2', '1']);
  });
});
