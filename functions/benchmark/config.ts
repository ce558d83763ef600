import * as z from 'zod';
import { AwsEndpoints, BucketName, CloudWatchSettings } from '../../adapters/aws-settings.ts';

/** The environment of the function that measures the search from outside. */
export const BenchmarkConfig = z.object({
  /** Where everybody searches: `https://…`. */
  TARGET_URL: z.url({ protocol: /^https?$/ }),
  /** With the scope search and no limit of its own; left out where none is wanted. */
  API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'must be an API key', abort: true })
    .optional(),
  /** Where the reports go. */
  REPORTS_BUCKET: BucketName,
  /** Measured in each of the three phases: ten times the fixed queries. */
  BENCHMARK_REQUESTS: z.coerce.number().int().min(1).max(10_000).default(150),
  BENCHMARK_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(1),
  BENCHMARK_TOP_K: z.coerce.number().int().min(1).max(100).default(10),
  /** What 95 of 100 cold searches may take, in milliseconds, as the caller sees it. */
  BENCHMARK_TARGET_P95_MS: z.coerce.number().positive().max(60_000).default(50),
  /** How long one answer may take; later it has failed. */
  BENCHMARK_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(10_000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...CloudWatchSettings,
  ...AwsEndpoints,
});
export type BenchmarkConfig = z.infer<typeof BenchmarkConfig>;
