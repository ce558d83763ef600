import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useRedisConnections } from '../test/support/redis-connection.ts';
import {
  hasRedis,
  type RedisServer,
  startRedisCluster,
  until,
} from '../test/support/redis-server.ts';
import { expectUseful, longMs, startCacheLoad } from '../test/support/redis-use.ts';
import { createRedisCache } from './redis-cache.ts';
import type { RedisConnection } from './redis-connection.ts';

const keys = Array.from({ length: 30 }, (_, index) => `key ${index}`);

describe.skipIf(!hasRedis)('A Redis Cluster that fails', () => {
  let nodes: readonly RedisServer[] = [];
  const { connect } = useRedisConnections();
  const connectCluster = () => connect({ port: nodes[0]?.port ?? 0, cluster: true });
  beforeAll(async () => {
    nodes = await startRedisCluster();
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  const faults = [
    {
      fault: 'frozen',
      harm: (node: RedisServer) => node.freeze(),
      heal: (node: RedisServer) => node.thaw(),
    },
    {
      fault: 'gone',
      harm: (node: RedisServer) => node.kill(),
      heal: (node: RedisServer) => node.restart(),
    },
  ].flatMap((fault) => [1, 3].map((count) => ({ ...fault, count })));

  it.each(faults)(
    'is done without while $count of 3 nodes are $fault',
    async ({ harm, heal, count }) => {
      const connection = await connectCluster();
      await expectAllKept(connection);
      const load = startCacheLoad(createRedisCache(connection));
      // The first node is the one whose address was given.
      const harmed = nodes.slice(0, count);
      for (const node of harmed) await harm(node);
      await until(() => !connection.isUsable());
      await sleep(2000);
      for (const node of harmed) await heal(node);
      await until(connection.isUsable);
      await load.end();
      expect(load.slowestMs()).toBeLessThan(longMs);
      await expectUseful(connection);
      await expectAllKept(connection);
    },
  );
});

async function expectAllKept(connection: RedisConnection): Promise<void> {
  const cache = createRedisCache(connection);
  for (const key of keys) await until(() => cache.set(key, `value of ${key}`));
  for (const key of keys) expect(await cache.get([key])).toEqual([`value of ${key}`]);
}
