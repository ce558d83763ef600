import { afterEach } from 'vitest';
import {
  createRedisConnection,
  type RedisConnection,
  type RedisConnectionOptions,
} from '../../adapters/redis-connection.ts';
import { until } from './redis-server.ts';

/** Generous: the machine may be busy with something else. */
export const timeoutMs = 250;

export interface TestConnections {
  /** A connection, usable or not. Ended after the test. */
  open(options: Partial<RedisConnectionOptions> & { readonly port: number }): RedisConnection;
  /** One that has been usable already. */
  connect(
    options: Partial<RedisConnectionOptions> & { readonly port: number },
  ): Promise<RedisConnection>;
  /** Lines of all logs of the test so far: level and message. */
  readonly lines: string[];
}

export function useRedisConnections(): TestConnections {
  const lines: string[] = [];
  const opened: RedisConnection[] = [];
  const open: TestConnections['open'] = (options) => {
    const logger = {
      info: (_fields: unknown, message: string) => void lines.push(`info: ${message}`),
      warn: (_fields: unknown, message: string) => void lines.push(`warn: ${message}`),
    };
    const connection = createRedisConnection({ host: '127.0.0.1', timeoutMs, logger, ...options });
    opened.push(connection);
    return connection;
  };
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close();
    lines.splice(0);
  });
  return {
    open,
    lines,
    async connect(options) {
      const connection = open(options);
      await until(connection.isUsable);
      return connection;
    },
  };
}
