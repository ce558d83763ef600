/** A process that takes all that it gets of one quota, several at a time, and prints what it got. */
import { createRedisConnection } from '../../adapters/redis-connection.ts';
import { createRedisQuota } from '../../adapters/redis-quota.ts';
import { until } from './redis-server.ts';

async function takeAll(port: number, limit: number): Promise<readonly number[]> {
  const logger = { info() {}, warn: console.error };
  const connection = createRedisConnection({ host: '127.0.0.1', port, timeoutMs: 5000, logger });
  await until(connection.isUsable);
  const quota = createRedisQuota({ connection, name: 'shared', limit });
  const got: number[] = [];
  for (let isLeft = true; isLeft;) {
    const states = await Promise.all([1, 2, 3].map(() => quota.take()));
    got.push(...states.flatMap((state) => state?.used ?? []));
    isLeft = states.every((state) => state !== undefined);
  }
  connection.close();
  return got;
}

const [port = 0, limit = 0] = process.argv.slice(2).map(Number);
console.log(JSON.stringify(await takeAll(port, limit)));
