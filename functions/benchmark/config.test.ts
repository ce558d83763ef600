import { describe, expect, it } from 'vitest';
import { parseEnv } from '../../core/env.ts';
import { expectFailure, expectOk } from '../../test/support/expect-ok.ts';
import { BenchmarkConfig } from './config.ts';

const needed = { TARGET_URL: 'https://pictures.example.com', REPORTS_BUCKET: 'reports' };

describe('the config of the benchmark function', () => {
  it('needs a server and a bucket, and has a default for the rest', () => {
    expect(expectOk(parseEnv(BenchmarkConfig, needed))).toMatchObject({
      BENCHMARK_REQUESTS: 150,
      BENCHMARK_CONCURRENCY: 1,
      BENCHMARK_TOP_K: 10,
      BENCHMARK_TARGET_P95_MS: 50,
      BENCHMARK_TIMEOUT_MS: 10_000,
      METRICS_NAMESPACE: 'PictureSearch',
    });
  });

  it.each([
    ['TARGET_URL', ''],
    ['TARGET_URL', 'pictures.example.com'],
    ['TARGET_URL', 'ftp://pictures.example.com'],
    ['REPORTS_BUCKET', 's3://reports'],
    ['BENCHMARK_REQUESTS', '0'],
    ['BENCHMARK_TARGET_P95_MS', '0'],
    ['BENCHMARK_TIMEOUT_MS', '20'],
  ])('refuses %s=%s', (name, value) => {
    const { errors } = expectFailure(parseEnv(BenchmarkConfig, { ...needed, [name]: value }));
    expect(errors?.map(({ path }) => path)).toEqual([name]);
  });

  it('does not repeat a key that is none', () => {
    const wrong = parseEnv(BenchmarkConfig, { ...needed, API_KEY: 'ps_secret with more' });
    expect(expectFailure(wrong).detail).not.toContain('secret');
  });
});
