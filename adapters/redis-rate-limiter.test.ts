import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeRateLimiter } from '../test/contracts/rate-limiter.ts';
import { useRedisConnections } from '../test/support/redis-connection.ts';
import { startProcess } from '../test/support/processes.ts';
import type { Takings } from '../test/support/rate-limit-taker.ts';
import {
  hasRedis,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../test/support/redis-server.ts';
import { createRedisRateLimiter } from './redis-rate-limiter.ts';

describe.skipIf(!hasRedis)('The rate limiter in one Redis', () => {
  let server: RedisServer;
  const { connect } = useRedisConnections();
  const connectLimiter = async () => createRedisRateLimiter(await connect({ port: server.port }));
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  describeRateLimiter('Redis', async () => {
    await server.cli('flushall');
    return { limiter: await connectLimiter(), pass: (ms) => sleep(ms) };
  });

  it('leaves nothing behind when a bucket is full again', async () => {
    await server.cli('flushall');
    const limiter = await connectLimiter();
    await limiter.take('a', { perSecond: 10, burst: 3 });
    expect(await server.cli('dbsize')).toBe('1');
    await sleep(300);
    expect(await server.cli('dbsize')).toBe('0');
  });

  it('begins anew where something else is in the place of a bucket', async () => {
    const limiter = await connectLimiter();
    const rate = { perSecond: 0.1, burst: 2 };
    await server.cli('rpush', 'rate:list', 'x');
    await server.cli('set', 'rate:text', 'x');
    await server.cli('set', 'rate:far', '9e18');
    expect(await limiter.take('list', rate)).toMatchObject({ allowed: true, remaining: 1 });
    expect(await limiter.take('text', rate)).toMatchObject({ allowed: true, remaining: 1 });
    // A bucket can't be emptier than empty.
    expect((await limiter.take('far', rate))?.resetSeconds).toBeLessThanOrEqual(20);
  });

  it('counts on when Redis has lost its scripts', async () => {
    const limiter = await connectLimiter();
    const rate = { perSecond: 0.1, burst: 2 };
    expect((await limiter.take('lost', rate))?.remaining).toBe(1);
    await server.cli('script', 'flush');
    expect((await limiter.take('lost', rate))?.remaining).toBe(0);
  });

  it('lets no more pass than the rate when several processes ask at once', async () => {
    const rate = { perSecond: 50, burst: 20 };
    const startedAt = performance.now();
    const settings = [1500, server.port, rate.perSecond, rate.burst].map(String);
    const takers = [1, 2, 3].map(() => startProcess('test/support/rate-limit-taker.ts', settings));
    const takings = await Promise.all(
      takers.map(async ({ finished }): Promise<Takings> => JSON.parse((await finished).stdout)),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const allowed = takings.reduce((sum, taken) => sum + taken.allowed, 0);
    const asked = takings.reduce((sum, taken) => sum + taken.asked, 0);
    expect(allowed).toBeLessThanOrEqual(rate.burst + rate.perSecond * seconds);
    // All of them were busy, and what was due was given.
    expect(asked).toBeGreaterThan(3 * allowed);
    expect(allowed).toBeGreaterThan(rate.burst + rate.perSecond);
  });
});

describe.skipIf(!hasRedis)('The rate limiter in a Redis Cluster', () => {
  let nodes: readonly RedisServer[] = [];
  const { connect } = useRedisConnections();
  beforeAll(async () => {
    nodes = await startRedisCluster();
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  describeRateLimiter('A Redis Cluster', async () => {
    for (const node of nodes) await node.cli('flushall');
    const connection = await connect({ port: nodes[0]?.port ?? 0, cluster: true });
    return { limiter: createRedisRateLimiter(connection), pass: (ms) => sleep(ms) };
  });
});
