import type { Logger } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createRedisClient, type RedisClient } from './redis-client.ts';
import { afterDeadline } from './redis-deadline.ts';
import { createRedisHealth } from './redis-health.ts';
import { createRedisReport } from './redis-report.ts';
import type { RedisAddress } from './redis-settings.ts';

export interface RedisConnectionOptions extends RedisAddress {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * Why there is no answer: `unreachable` where Redis was not asked or was too slow; else the first
 * word of its refusal, such as `WRONGTYPE` or `OOM`.
 */
export type RedisRefusal = string;

/** A way to a Redis, or a Redis Cluster, that may be gone at any moment and back at any other. */
export interface RedisConnection {
  /** Keys live on different nodes, so that a command can name only one. */
  readonly clustered: boolean;
  /** Whether it is worth asking: not while it is known not to answer. */
  isUsable(): boolean;
  /**
   * Asks for what has to do with this key. Never throws, and takes the timeout at most, which ends
   * all that waits: a Redis that keeps one waiting is not asked again until it has answered a probe.
   */
  ask<T>(
    key: string,
    command: (client: RedisClient) => Promise<T>,
  ): Promise<Result<T, RedisRefusal>>;
  close(): void;
}

export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { timeoutMs, logger, host, port, cluster = false } = options;
  const now = () => performance.now();
  const report = createRedisReport({ address: `${host}:${port}`, logger, now });
  const client = createRedisClient(options, (error) => health.note(error.message));
  const waiting = createWaiting();
  const health = createRedisHealth({ client, timeoutMs, report, now, onDoubt: waiting.end });

  function refusalOf(key: string, error: unknown): Result<never, RedisRefusal> {
    const reason = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Error) || error.name !== 'ReplyError') {
      health.doubt(key, reason);
      return err('unreachable');
    }
    const [code = ''] = reason.split(' ', 1);
    // Whoever runs a script expects that.
    if (code !== 'NOSCRIPT') report.refused(code, reason);
    return err(code);
  }

  return {
    clustered: cluster,
    isUsable: health.isUsable,
    async ask<T>(key: string, command: (client: RedisClient) => Promise<T>) {
      if (!health.isUsable()) return err<RedisRefusal>('unreachable');
      const answer: Promise<Result<T, RedisRefusal>> = command(client).then(ok, (error: unknown) =>
        refusalOf(key, error),
      );
      return waiting.wait(answer, timeoutMs, () =>
        health.doubt(key, `no answer in ${timeoutMs} ms`),
      );
    },
    close() {
      health.close();
      waiting.end();
      client.disconnect();
    },
  };
}

/** All who wait for an answer, to be sent away together. */
function createWaiting() {
  const leaving = new Set<() => void>();
  return {
    /** @param onLate Called when there is no answer in time; it is the one who ends the wait. */
    async wait<T>(
      answer: Promise<Result<T, RedisRefusal>>,
      timeoutMs: number,
      onLate: () => void,
    ): Promise<Result<T, RedisRefusal>> {
      const { promise, resolve } = Promise.withResolvers<Result<T, RedisRefusal>>();
      const leave = () => resolve(err('unreachable'));
      const cancel = afterDeadline(timeoutMs, onLate);
      leaving.add(leave);
      void answer.then(resolve);
      const first = await promise;
      leaving.delete(leave);
      cancel();
      return first;
    },
    end() {
      for (const leave of leaving) leave();
    },
  };
}
