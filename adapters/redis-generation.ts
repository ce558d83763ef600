import { withAnnouncements } from '../core/announced-generation.ts';
import { createGeneration, type Generation } from '../core/generation.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { createRedisCache } from './redis-cache.ts';
import { createRedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import { redisAddress, type RedisSettings } from './redis-settings.ts';

export interface RedisGeneration extends Generation {
  close(): void;
}

/**
 * The generation of the answers that Redis keeps about an index; `undefined` where none are kept. With
 * a bucket, its end is announced there.
 */
export function openRedisGeneration(
  config: RedisSettings & { readonly QDRANT_COLLECTION: string },
  logger: RedisConnectionOptions['logger'],
  announceIn?: Pick<ObjectStore, 'put'>,
): RedisGeneration | undefined {
  if (!config.REDIS_ENABLED) return undefined;
  const redis = createRedisConnection({ ...redisAddress(config), logger });
  const [cache, index] = [createRedisCache(redis), config.QDRANT_COLLECTION];
  const bare = createGeneration(cache, index);
  const generation =
    announceIn === undefined
      ? bare
      : withAnnouncements(bare, { cache, index, objects: announceIn, logger });
  return { ...generation, close: () => redis.close() };
}
