import { createMemoryRateLimiter } from '../adapters/memory-rate-limiter.ts';
import { createRedisCache } from '../adapters/redis-cache.ts';
import { createRedisConnection, type RedisConnection } from '../adapters/redis-connection.ts';
import { createRedisRateLimiter } from '../adapters/redis-rate-limiter.ts';
import { redisAddress } from '../adapters/redis-settings.ts';
import type { Cache, Logger, RateLimiter } from '../core/ports.ts';
import type { Clock } from '../core/timings.ts';
import type { EdgeSettings } from './app.ts';
import type { FrontConfig } from './config.ts';

/** What the front of a search keeps between requests. */
export interface Front {
  /** Left out without Redis: another process would not hear that the index has changed. */
  readonly cache: Cache | undefined;
  /** For what is counted or kept besides; left out without Redis. */
  readonly redis: RedisConnection | undefined;
  readonly limiter: RateLimiter;
  readonly settings: EdgeSettings;
  close(): void;
}

/** Begins to connect to Redis, and waits for nothing: until it is there, all goes on without. */
export function openFront(config: FrontConfig, logger: Logger, now: Clock): Front {
  const redis = config.REDIS_ENABLED
    ? createRedisConnection({ ...redisAddress(config), logger })
    : undefined;
  return {
    cache: redis && createRedisCache(redis),
    redis,
    limiter: redis ? createRedisRateLimiter(redis) : createMemoryRateLimiter({ now }),
    settings: toSettings(config),
    close: () => redis?.close(),
  };
}

function toSettings(config: FrontConfig): EdgeSettings {
  return {
    keys: config.API_KEYS,
    keysRequired: config.API_KEYS_REQUIRED,
    rate: { perSecond: config.RATE_LIMIT_PER_SECOND, burst: config.RATE_LIMIT_BURST },
    trustedProxies: config.TRUSTED_PROXIES,
    cdnSeconds: config.CDN_CACHE_SECONDS,
    corsOrigins: config.CORS_ORIGINS,
    logQueries: config.LOG_QUERIES,
  };
}
