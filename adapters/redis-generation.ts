import { createGeneration, type Generation } from '../core/generation.ts';
import { createRedisCache } from './redis-cache.ts';
import { createRedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import { redisAddress, type RedisSettings } from './redis-settings.ts';

export interface RedisGeneration extends Generation {
  close(): void;
}

/** The generation of the answers that Redis keeps about an index; `undefined` where none are kept. */
export function openRedisGeneration(
  config: RedisSettings & { readonly QDRANT_COLLECTION: string },
  logger: RedisConnectionOptions['logger'],
): RedisGeneration | undefined {
  if (!config.REDIS_ENABLED) return undefined;
  const redis = createRedisConnection({ ...redisAddress(config), logger });
  const generation = createGeneration(createRedisCache(redis), config.QDRANT_COLLECTION);
  return { ...generation, close: () => redis.close() };
}
