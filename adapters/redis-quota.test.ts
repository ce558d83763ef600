import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Quota } from '../core/llm.ts';
import { describeQuota } from '../test/contracts/quota.ts';
import { startProcess } from '../test/support/processes.ts';
import { useRedisConnections } from '../test/support/redis-connection.ts';
import {
  hasRedis,
  type RedisServer,
  startRedis,
  startRedisCluster,
  until,
} from '../test/support/redis-server.ts';
import { createRedisQuota } from './redis-quota.ts';

const day = Date.UTC(2030, 0, 31);
const usedBy = async (quota: Quota) => (await quota.take())?.used;

describe.skipIf(!hasRedis)('The quota in one Redis', () => {
  let server: RedisServer;
  const { connect, open } = useRedisConnections();
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  describeQuota('Redis', async () => {
    await server.cli('flushall');
    const connection = await connect({ port: server.port });
    return {
      create: (limit, epochMs) => createRedisQuota({ connection, name: 'a', limit, epochMs }),
    };
  });

  async function connectQuota(limit = 3, name = 'a') {
    const connection = await connect({ port: server.port });
    const quota = createRedisQuota({ connection, name, limit, epochMs: () => day });
    return { quota, connection };
  }

  it('is one for all that have it, and others are others', async () => {
    await server.cli('flushall');
    const [{ quota: first }, { quota: second }] = [await connectQuota(), await connectQuota()];
    const { quota: other } = await connectQuota(3, 'b');
    expect([await usedBy(first), await usedBy(second), await usedBy(first)]).toEqual([1, 2, 3]);
    expect([await usedBy(second), await usedBy(other)]).toEqual([undefined, 1]);
  });

  it('is given out exactly, however many processes take of it', async () => {
    await server.cli('flushall');
    const settings = [server.port, 500].map(String);
    const takers = [1, 2, 3].map(() => startProcess('test/support/quota-taker.ts', settings));
    const got = await Promise.all(
      takers.map(async ({ finished }): Promise<number[]> => JSON.parse((await finished).stdout)),
    );
    const all = got.flat().toSorted((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
  });

  it('leaves nothing behind for longer than two days', async () => {
    await server.cli('flushall');
    const { quota } = await connectQuota();
    await quota.take();
    const key = 'quota:a:2030-01-31';
    expect(await server.cli('keys', '*')).toBe(key);
    const seconds = Number(await server.cli('ttl', key));
    expect(seconds).toBeGreaterThan(172_000);
    expect(seconds).toBeLessThanOrEqual(172_800);
  });

  it.each([
    ['a list', ['rpush', 'quota:a:2030-01-31', 'x']],
    ['some text', ['set', 'quota:a:2030-01-31', 'x']],
    ['less than nothing', ['set', 'quota:a:2030-01-31', '-5']],
  ])('begins anew where %s is in its place', async (_, command) => {
    await server.cli('flushall');
    await server.cli(...command);
    const { quota } = await connectQuota();
    expect([await usedBy(quota), await usedBy(quota)]).toEqual([1, 2]);
  });

  it('goes on without Redis from what it knows, and tells it later', async () => {
    await server.cli('flushall');
    const [{ quota, connection }, { quota: other }] = [
      await connectQuota(10),
      await connectQuota(10),
    ];
    for (let count = 0; count < 3; count += 1) await other.take();
    expect(await usedBy(quota)).toBe(4);
    server.freeze();
    expect([await usedBy(quota), await usedBy(quota)]).toEqual([5, 6]);
    expect(connection.isUsable()).toBe(false);
    server.thaw();
    await until(connection.isUsable);
    // What Redis was asked while it stood still it may have counted when it went on.
    const now = (await usedBy(quota)) ?? 0;
    expect(now).toBeGreaterThanOrEqual(7);
    expect(now).toBeLessThanOrEqual(8);
  });

  it('is not full again when Redis comes back empty', async () => {
    await server.cli('flushall');
    const { quota, connection } = await connectQuota(5);
    for (let count = 0; count < 4; count += 1) await quota.take();
    await server.restart();
    await until(connection.isUsable);
    expect([await usedBy(quota), await usedBy(quota)]).toEqual([5, undefined]);
  });

  it('is that of the process alone where there is no Redis', async () => {
    const connection = open({ port: 1 });
    const quota = createRedisQuota({ connection, name: 'a', limit: 2, epochMs: () => day });
    expect([await usedBy(quota), await usedBy(quota), await usedBy(quota)]).toEqual([
      1,
      2,
      undefined,
    ]);
  });
});

describe.skipIf(!hasRedis)('The quota in a Redis Cluster', () => {
  let nodes: readonly RedisServer[] = [];
  const { connect } = useRedisConnections();
  beforeAll(async () => {
    nodes = await startRedisCluster();
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  describeQuota('A Redis Cluster', async () => {
    for (const node of nodes) await node.cli('flushall');
    const connection = await connect({ port: nodes[0]?.port ?? 0, cluster: true });
    return {
      create: (limit, epochMs) => createRedisQuota({ connection, name: 'a', limit, epochMs }),
    };
  });
});
