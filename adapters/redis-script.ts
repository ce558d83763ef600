import { hash } from 'node:crypto';
import type { Result } from '../core/result.ts';
import type { RedisConnection, RedisRefusal } from './redis-connection.ts';

/** Runs a script about one key, and never fails. */
export type RedisScript = (
  connection: RedisConnection,
  key: string,
  args: readonly number[],
) => Promise<Result<unknown, RedisRefusal>>;

/** A script that Redis is sent once, and then only told the name of. */
export function createRedisScript(script: string): RedisScript {
  const name = hash('sha1', script);
  return async (connection, key, args) => {
    const known = await connection.ask(key, (client) => client.evalsha(name, 1, key, ...args));
    // A Redis that was restarted knows no scripts; the text makes it known again.
    if (known.ok || known.error !== 'NOSCRIPT') return known;
    return connection.ask(key, (client) => client.eval(script, 1, key, ...args));
  };
}
