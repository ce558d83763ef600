import { createS3Client, needsPathStyle } from '../../adapters/s3-client.ts';
import { createS3Objects } from '../../adapters/s3-objects.ts';
import type { Clock } from '../../core/timings.ts';
import type { BenchmarkFunctionParts } from './app.ts';
import { createAsk } from './ask.ts';
import type { BenchmarkConfig } from './config.ts';

/** What lives as long as the function's process does; none of it need answer yet. */
export type OpenedParts = Pick<BenchmarkFunctionParts, 'plan' | 'ask' | 'reports'>;

export function openBenchmark(config: BenchmarkConfig, now: Clock): OpenedParts {
  const client = createS3Client({ pathStyle: needsPathStyle(config) });
  const { ask } = createAsk({
    url: config.TARGET_URL,
    apiKey: config.API_KEY,
    timeoutMs: config.BENCHMARK_TIMEOUT_MS,
    now,
  });
  return {
    ask,
    reports: createS3Objects({ bucket: config.REPORTS_BUCKET, client }),
    plan: {
      url: config.TARGET_URL,
      environment: config.ENVIRONMENT,
      requests: config.BENCHMARK_REQUESTS,
      concurrency: config.BENCHMARK_CONCURRENCY,
      topK: config.BENCHMARK_TOP_K,
      targetP95Ms: config.BENCHMARK_TARGET_P95_MS,
    },
  };
}
