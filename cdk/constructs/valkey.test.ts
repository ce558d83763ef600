import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisCache } from '../../adapters/redis-cache.ts';
import { createRedisQuota } from '../../adapters/redis-quota.ts';
import { createRedisRateLimiter } from '../../adapters/redis-rate-limiter.ts';
import { createGeneration } from '../../core/generation.ts';
import { useRedisConnections } from '../../test/support/redis-connection.ts';
import {
  hasRedis,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../../test/support/redis-server.ts';
import { accessString } from './valkey.ts';

const granted = accessString.split(' ');
const username = 'picture-search';
const password = 'a-password-of-the-test';

/** A server whose one user may do what this one of the cache may. */
async function admit(server: RedisServer, rights: readonly string[]): Promise<void> {
  await server.cli('acl', 'setuser', username, 'reset', ...rights, `>${password}`);
}

describe.skipIf(!hasRedis).each([
  ['one Redis', false],
  ['a Redis Cluster', true],
])('the user of the cache, in %s', (_, cluster) => {
  let nodes: readonly RedisServer[] = [];
  const { connect, lines } = useRedisConnections();
  beforeAll(async () => {
    nodes = cluster ? await startRedisCluster() : [await startRedis()];
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  async function useEverything(rights: readonly string[]): Promise<string[]> {
    for (const node of nodes) {
      await node.cli('flushall');
      await admit(node, rights);
    }
    const port = nodes[0]?.port ?? 0;
    const connection = await connect({ port, cluster, username, password, timeoutMs: 2000 });
    const cache = createRedisCache(connection);
    for (const key of ['a', 'b', 'c']) expect(await cache.set(key, key)).toBe(true);
    expect(await cache.get(['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c', undefined]);
    await cache.set('a', 'again', { ttlSeconds: 60, onlyIfAbsent: true });
    for (const node of nodes) await node.cli('-c', 'rpush', 'list', 'x');
    await cache.set('list', 'a text', { onlyIfAbsent: true });
    await cache.shorten('a', 10);
    await cache.remove('b');
    await cache.isConnected();
    const generation = createGeneration(cache, 'images');
    await generation.end();
    const quota = createRedisQuota({ connection, name: 'q', limit: 3, epochMs: () => 0 });
    const limiter = createRedisRateLimiter(connection);
    const taken = await quota.take();
    const decided = await limiter.take('caller', { perSecond: 1, burst: 3 });
    if (rights === granted) expect([taken?.used, decided?.allowed]).toEqual([1, true]);
    return lines.filter((line) => line.startsWith('warn'));
  }

  it('may do everything that is asked of a cache', async () => {
    expect(await useEverything(granted)).toEqual([]);
  });

  it.each(['pexpire', 'time', 'evalsha', 'unlink'])('needs %s for it', async (command) => {
    const rights = granted.filter((right) => right !== `+${command}`);
    expect((await useEverything(rights)).join()).toContain('Redis refuses a command');
  });
});

describe('the access string', () => {
  it('has every command that docs/operations.md asks for', () => {
    const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const [, commands = ''] = /The Redis user needs `([A-Z ]+)`/.exec(text) ?? [];
    const listed = commands.toLowerCase().split(' ');
    expect(listed.length).toBeGreaterThan(8);
    expect(granted).toEqual(expect.arrayContaining(listed.map((name) => `+${name}`)));
  });

  it('begins with nothing', () => {
    expect(granted.slice(0, 3)).toEqual(['on', '~*', '-@all']);
    expect(accessString).not.toMatch(/\+@|allcommands|flush|keys|config/);
  });
});
