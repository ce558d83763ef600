import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announcementKey } from '../core/own-keys.ts';
import { createMemoryObjects } from '../test/support/memory-objects.ts';
import { hasRedis, type RedisServer, startRedis, until } from '../test/support/redis-server.ts';
import { createLog } from '../test/support/search-app.ts';
import { openRedisGeneration } from './redis-generation.ts';
import { RedisSettings } from './redis-settings.ts';

describe('the generation in Redis', () => {
  it('is none where Redis is not in use', () => {
    const config = { ...RedisSettings.parse({}), QDRANT_COLLECTION: 'images' };
    expect(openRedisGeneration(config, createLog(), createMemoryObjects())).toBeUndefined();
  });
});

describe.runIf(hasRedis)('the end of the generation in Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  it('is announced in the bucket by one of all processes', async () => {
    const settings = { REDIS_ENABLED: 'true', REDIS_HOST: '127.0.0.1' };
    const config = {
      ...RedisSettings.parse({ ...settings, REDIS_PORT: String(redis.port) }),
      QDRANT_COLLECTION: 'images',
    };
    const puts: string[] = [];
    const objects = createMemoryObjects({ after: ({ keys: [key = ''] }) => void puts.push(key) });
    const processes = [0, 1].map(() => openRedisGeneration(config, createLog(), objects));
    for (const generation of processes) {
      await until(async () => (await generation?.endSoon()) === true);
      generation?.close();
    }
    expect(puts).toEqual([announcementKey]);
  });
});
