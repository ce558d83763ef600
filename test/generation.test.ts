import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisCache } from '../adapters/redis-cache.ts';
import { createGeneration, type Generation } from '../core/generation.ts';
import { useRedisConnections } from './support/redis-connection.ts';
import {
  hasRedis,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from './support/redis-server.ts';

const kinds = [
  ['one Redis', async () => [await startRedis()], false],
  ['a Redis Cluster', startRedisCluster, true],
] as const;

describe.skipIf(!hasRedis).each(kinds)('the generation of an index in %s', (_, start, cluster) => {
  let servers: readonly RedisServer[] = [];
  const { connect } = useRedisConnections();
  beforeAll(async () => {
    servers = await start();
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  /** As another process sees it. */
  async function open(index: string): Promise<Generation> {
    const port = servers[0]?.port ?? 0;
    return createGeneration(
      createRedisCache(await connect({ port, cluster, timeoutMs: 5000 })),
      index,
    );
  }

  async function ask(...command: readonly string[]): Promise<string> {
    return (await servers[0]?.cli('-c', ...command)) ?? '';
  }

  it('has a second to live at most after a change in any process, however many there are', async () => {
    const processes = [await open('lives'), await open('lives'), await open('lives')];
    const key = processes[0]?.key ?? '';
    const seen = new Set<string | undefined>();
    const startMs = performance.now();
    let changes = 0;
    while (performance.now() - startMs < 2500) {
      const process = processes[changes % 3];
      seen.add(await process?.ensure());
      const ended = await Promise.all(processes.map((each) => each.endSoon()));
      expect(ended).toEqual([true, true, true]);
      // -2: it is gone already; -1 would be one without an end.
      const leftMs = Number(await ask('pttl', key));
      if (leftMs !== -2) expect(leftMs).toBeGreaterThanOrEqual(0);
      expect(leftMs).toBeLessThanOrEqual(1000);
      changes += 1;
    }
    const seconds = (performance.now() - startMs) / 1000;
    expect(changes).toBeGreaterThan(10);
    expect(seen.size).toBeLessThanOrEqual(Math.ceil(seconds) + 2);
  });

  it('moves about once a second under hundreds of changes', async () => {
    const processes = await Promise.all(Array.from({ length: 4 }, () => open('many')));
    const reader = await open('many');
    const seen = new Set<string | undefined>();
    const startMs = performance.now();
    let changes = 0;
    const endsAtMs = startMs + 4000;
    const change = async (process: Generation) => {
      while (performance.now() < endsAtMs) {
        expect(await process.endSoon()).toBe(true);
        changes += 1;
        await sleep(5);
      }
    };
    const changing = processes.map(change);
    while (performance.now() < endsAtMs) {
      seen.add(await reader.ensure());
      await sleep(2);
    }
    await Promise.all(changing);
    const seconds = (performance.now() - startMs) / 1000;
    expect(changes).toBeGreaterThan(100);
    expect(seen.size).toBeGreaterThan(2);
    expect(seen.size).toBeLessThanOrEqual(Math.ceil(seconds) + 2);
  });

  it('is another at once for the first change after a while', async () => {
    const [one, other] = [await open('quiet'), await open('quiet')];
    const before = await one.ensure();
    expect(await one.endSoon()).toBe(true);
    expect(await other.ensure()).not.toBe(before);
  });
});
