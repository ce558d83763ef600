import { expect, it } from 'vitest';
import { parseEnv } from '../core/env.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { redisAddress, RedisSettings } from './redis-settings.ts';

it('is off unless it is switched on, and then next door', () => {
  const settings = expectOk(parseEnv(RedisSettings, {}));
  expect(settings).toMatchObject({ REDIS_ENABLED: false, REDIS_CACHE_TTL: 3600 });
  expect(redisAddress(settings)).toEqual({
    host: 'localhost',
    port: 6379,
    username: undefined,
    password: undefined,
    tls: false,
    cluster: false,
    timeoutMs: 50,
  });
});

it('reads where Redis is, and who may use it', () => {
  const env = {
    REDIS_ENABLED: 'true',
    REDIS_HOST: 'cache.internal',
    REDIS_PORT: '6380',
    REDIS_USERNAME: 'edge',
    REDIS_PASSWORD: 'secret',
    REDIS_TLS: 'true',
    REDIS_CLUSTER: 'true',
    REDIS_TIMEOUT_MS: '80',
  };
  expect(redisAddress(expectOk(parseEnv(RedisSettings, env)))).toEqual({
    host: 'cache.internal',
    port: 6380,
    username: 'edge',
    password: 'secret',
    tls: true,
    cluster: true,
    timeoutMs: 80,
  });
});

it.each(['REDIS_TIMEOUT_MS', 'REDIS_CACHE_TTL', 'REDIS_PORT'])(
  'refuses a %s below zero',
  (name) => {
    expect(expectFailure(parseEnv(RedisSettings, { [name]: '-1' })).detail).toContain(name);
  },
);
