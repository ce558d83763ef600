import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { createRedisCache } from '../../adapters/redis-cache.ts';
import type { RedisConnection } from '../../adapters/redis-connection.ts';
import { createRedisRateLimiter } from '../../adapters/redis-rate-limiter.ts';
import type { Cache } from '../../core/ports.ts';
import { timeoutMs } from './redis-connection.ts';
import { until } from './redis-server.ts';

/** Far more than a call may take, and far less than one that hangs. */
export const longMs = 10 * timeoutMs;
export const rate = { perSecond: 1, burst: 5 };

/** Nothing goes through, and nothing takes long or throws. */
export async function expectUseless(connection: RedisConnection): Promise<void> {
  const cache = createRedisCache(connection);
  const startedAt = performance.now();
  expect(await cache.get(['a', 'b'])).toBeUndefined();
  expect(await cache.set('a', '1')).toBe(false);
  expect(await cache.set('a', '1', { onlyIfAbsent: true, ttlSeconds: 5 })).toBe(false);
  expect(await cache.remove('a')).toBe(false);
  expect(await cache.isConnected()).toBe(false);
  expect(await createRedisRateLimiter(connection).take('a', rate)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(longMs);
}

/** Sooner or later all of it works again. */
export async function expectUseful(connection: RedisConnection | undefined): Promise<void> {
  if (connection === undefined) throw new Error('There is no connection');
  const cache = createRedisCache(connection);
  await until(async () => (await cache.set('useful', '1')) && connection.isUsable());
  expect(await cache.get(['useful'])).toEqual(['1']);
  expect((await createRedisRateLimiter(connection).take('a', rate))?.allowed).toBe(true);
  expect(await cache.isConnected()).toBe(true);
}

/** Asks now and then, twenty at a time, until it is ended. */
export function startCacheLoad(cache: Cache) {
  const tookMs: number[] = [];
  let found = 0;
  const ended = new AbortController();
  const workers = Array.from({ length: 20 }, async (_, worker) => {
    while (!ended.signal.aborted) {
      const startedAt = performance.now();
      if ((await cache.get(['a', `key ${worker}`])) !== undefined) found++;
      tookMs.push(performance.now() - startedAt);
      await sleep(10);
    }
  });
  return {
    count: () => tookMs.length,
    found: () => found,
    slowestMs: () => Math.max(...tookMs),
    medianMs: () => tookMs.toSorted((a, b) => a - b)[tookMs.length >> 1] ?? 0,
    async end() {
      ended.abort();
      await Promise.all(workers);
    },
  };
}
