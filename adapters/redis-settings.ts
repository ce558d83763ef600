import * as z from 'zod';
import { EnvBoolean, EnvPort } from '../core/env.ts';

/** The part of an environment that says where Redis is, if it is used at all. */
export const RedisSettings = z.object({
  REDIS_ENABLED: EnvBoolean.default(false),
  REDIS_HOST: z.string().min(1).default('localhost'),
  REDIS_PORT: EnvPort.default(6379),
  REDIS_USERNAME: z.string().min(1).optional(),
  REDIS_PASSWORD: z.string().min(1).optional(),
  REDIS_TLS: EnvBoolean.default(false),
  /** The host is one node of a Redis Cluster, or the endpoint of a serverless one. */
  REDIS_CLUSTER: EnvBoolean.default(false),
  /**
   * How long one command may take. In one network Redis answers within 2 ms, so 50 says that
   * something is wrong, and an answer that comes later costs more than most searches do. It is also
   * what the requests pay that meet a Redis which has just frozen.
   */
  REDIS_TIMEOUT_MS: z.coerce.number().int().min(5).max(10_000).default(50),
  /** How long an answer is kept, in seconds. */
  REDIS_CACHE_TTL: z.coerce.number().int().min(1).max(31_536_000).default(3600),
});
export type RedisSettings = z.infer<typeof RedisSettings>;

/** Where a Redis is, and how long it may take. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: boolean;
  readonly cluster?: boolean;
  readonly timeoutMs: number;
}

export function redisAddress(settings: RedisSettings): RedisAddress {
  return {
    host: settings.REDIS_HOST,
    port: settings.REDIS_PORT,
    username: settings.REDIS_USERNAME,
    password: settings.REDIS_PASSWORD,
    tls: settings.REDIS_TLS,
    cluster: settings.REDIS_CLUSTER,
    timeoutMs: settings.REDIS_TIMEOUT_MS,
  };
}
