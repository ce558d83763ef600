import { describe, expect, it } from 'vitest';
import { parseEnv } from '../core/env.ts';
import { createKey } from '../test/support/api-keys.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { EdgeConfig, FrontConfig } from './config.ts';

const { key, ...entry } = createKey();
const needed = { SERVICE_URL: 'http://service:8000', API_KEYS: JSON.stringify([entry]) };

describe('the config of the edge', () => {
  it('needs to know where the service is, and who may call', () => {
    expect(expectOk(parseEnv(EdgeConfig, needed))).toMatchObject({
      API_KEYS: [entry],
      API_KEYS_REQUIRED: true,
      API_PORT: 8080,
      CLIP_MODEL_NAME: 'demo',
      CORS_ORIGINS: [],
      REDIS_ENABLED: false,
      SERVICE_SECRET: [],
    });
    const failed = expectFailure(parseEnv(EdgeConfig, { API_KEYS: needed.API_KEYS }));
    expect(failed.errors).toMatchObject([{ path: 'SERVICE_URL' }]);
  });

  it.each([
    ['SERVICE_URL', 'ftp://service'],
    ['SERVICE_SECRET', 'short'],
    ['API_KEYS', '[]'],
    ['API_KEYS', 'web'],
    ['RATE_LIMIT_PER_SECOND', '-1'],
    ['RATE_LIMIT_BURST', '0'],
    ['TRUSTED_PROXIES', 'all'],
    ['CORS_ORIGINS', 'a.example'],
    ['METRICS_NAMESPACE', 'AWS/Lambda'],
    ['PICTURES_BUCKET', 's3://pictures'],
    ['PICTURES_BUCKET', 'Pictures'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ])('refuses %s=%s', (name, value) => {
    const failed = expectFailure(parseEnv(EdgeConfig, { ...needed, [name]: value }));
    expect(failed.detail).toContain(name);
  });

  it('never repeats a key that was set in place of its hash', () => {
    const env = { ...needed, API_KEYS: JSON.stringify([{ ...entry, hash: key }]) };
    const failed = expectFailure(parseEnv(EdgeConfig, env));
    expect(JSON.stringify(failed)).not.toContain(key);
  });

  it('lets no stranger change a bucket: with one there must be a key', () => {
    const open = { SERVICE_URL: needed.SERVICE_URL, API_KEYS_REQUIRED: 'false' };
    expectOk(parseEnv(EdgeConfig, open));
    const failed = expectFailure(parseEnv(EdgeConfig, { ...open, PICTURES_BUCKET: 'pictures' }));
    expect(failed.errors).toMatchObject([{ path: 'API_KEYS' }]);
    expectOk(parseEnv(EdgeConfig, { ...needed, ...open, PICTURES_BUCKET: 'pictures' }));
  });

  it('may do without keys, when that is said', () => {
    const config = expectOk(parseEnv(FrontConfig, { API_KEYS_REQUIRED: 'false' }));
    expect(config.API_KEYS).toEqual([]);
    expectFailure(parseEnv(FrontConfig, {}));
  });
});
