/** A process that takes tokens of one bucket, as fast as it gets answers, and prints how many it got. */
import { createRedisConnection } from '../../adapters/redis-connection.ts';
import { createRedisRateLimiter } from '../../adapters/redis-rate-limiter.ts';
import { until } from './redis-server.ts';

/** What it prints, as JSON. */
export interface Takings {
  readonly asked: number;
  readonly allowed: number;
}

async function takeFor(durationMs: number, port: number, perSecond: number, burst: number) {
  const logger = { info() {}, warn: console.error };
  const connection = createRedisConnection({ host: '127.0.0.1', port, timeoutMs: 5000, logger });
  await until(connection.isUsable);
  const limiter = createRedisRateLimiter(connection);
  const takings = { asked: 0, allowed: 0 };
  for (const endsAt = performance.now() + durationMs; performance.now() < endsAt;) {
    const decisions = await Promise.all(
      [1, 2, 3].map(() => limiter.take('shared', { perSecond, burst })),
    );
    takings.asked += decisions.length;
    takings.allowed += decisions.filter((decision) => decision?.allowed).length;
  }
  connection.close();
  return takings satisfies Takings;
}

const [durationMs = 0, port = 0, perSecond = 0, burst = 0] = process.argv.slice(2).map(Number);
console.log(JSON.stringify(await takeFor(durationMs, port, perSecond, burst)));
