import type { Cache } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import type { RedisConnection, RedisRefusal } from './redis-connection.ts';
import { createRedisReads } from './redis-reads.ts';

export interface RedisCacheOptions {
  /** Longer values, in UTF-16 units, are not kept: reading them back would hold everybody up. */
  readonly maxValueLength?: number;
}

/** Texts in a Redis or a Redis Cluster, which other processes share. Closing it ends the connection. */
export function createRedisCache(
  connection: RedisConnection,
  { maxValueLength = 1_000_000 }: RedisCacheOptions = {},
): Cache {
  const get = createRedisReads(connection);

  async function setIfAbsent(key: string, value: string, ttlMs: number | undefined) {
    const set = () => write(connection, key, value, ttlMs, true);
    const answer = await set();
    if (!answer.ok || answer.value === 'OK') return answer;
    // What is there may be no text, so that nobody can read it and nobody could ever replace it.
    return (await removeOtherType(connection, key)) ? set() : answer;
  }

  return {
    kind: 'redis',
    get,
    async set(key, value, { ttlSeconds, onlyIfAbsent = false } = {}) {
      const ttlMs = ttlSeconds === undefined ? undefined : Math.round(ttlSeconds * 1000);
      if (value.length > maxValueLength || (ttlMs !== undefined && ttlMs < 1)) return false;
      const answer = await (onlyIfAbsent
        ? setIfAbsent(key, value, ttlMs)
        : write(connection, key, value, ttlMs, false));
      return answer.ok && answer.value === 'OK';
    },
    async remove(key) {
      const answer = await connection.ask(key, (client) => client.unlink(key));
      return answer.ok && typeof answer.value === 'number';
    },
    async shorten(key, ttlSeconds) {
      const ttlMs = Math.max(1, Math.round(ttlSeconds * 1000));
      // LT is of Redis 7: what an older one refuses is not certain.
      const answer = await connection.ask(key, (client) => client.pexpire(key, ttlMs, 'LT'));
      return answer.ok && typeof answer.value === 'number';
    },
    async isConnected() {
      const answer = await connection.ask('', (client) => client.exists(''));
      return answer.ok && typeof answer.value === 'number';
    },
    close: async () => connection.close(),
  };
}

/** Replaces a value of any type. */
function write(
  connection: RedisConnection,
  key: string,
  value: string,
  ttlMs: number | undefined,
  onlyIfAbsent: boolean,
): Promise<Result<unknown, RedisRefusal>> {
  return connection.ask<unknown>(key, (client) => {
    if (ttlMs === undefined)
      return onlyIfAbsent ? client.set(key, value, 'NX') : client.set(key, value);
    return onlyIfAbsent
      ? client.set(key, value, 'PX', ttlMs, 'NX')
      : client.set(key, value, 'PX', ttlMs);
  });
}

async function removeOtherType(connection: RedisConnection, key: string): Promise<boolean> {
  const type = await connection.ask(key, (client) => client.type(key));
  if (!type.ok || type.value === 'string' || type.value === 'none') return false;
  return (await connection.ask(key, (client) => client.unlink(key))).ok;
}
