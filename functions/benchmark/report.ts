import * as z from 'zod';

const Milliseconds = z.number().min(0);
const Counts = z.record(z.string(), z.int().min(0));

/** Milliseconds of one stage; `stdev` is that of a sample. */
const Numbers = z.object({
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  min: z.number(),
  max: z.number(),
  mean: z.number(),
  stdev: z.number(),
});

const PhaseReport = z.object({
  cache: z.enum(['cold', 'warm']),
  method: z.enum(['GET', 'POST']),
  answers: z.int().min(0),
  stages: z.record(z.string(), Numbers),
  requests_per_second: z.number().min(0),
  x_cache: Counts,
  cdn: Counts,
  failures: Counts,
});

/** What one run of the scheduled benchmark has seen, as it is kept. Another shape gets another version. */
export const BenchmarkReport = z.object({
  version: z.literal(1),
  environment: z.string(),
  url: z.string(),
  /** ISO 8601, UTC. */
  started_at: z.iso.datetime(),
  seconds: z.number().min(0),
  /** Whether all that was to be asked was asked. */
  finished: z.boolean(),
  /** Why not. */
  stopped: z.object({ phase: z.string(), code: z.string(), detail: z.string() }).nullable(),
  /** To be asked in each phase. */
  requests: z.int(),
  concurrency: z.int(),
  top_k: z.int(),
  /** The very first answer, with connection and everything that had been asleep; null if there was none. */
  first_ms: Milliseconds.nullable(),
  /** `cold`, `warm` and `warm_get`, as far as it came; what was never begun is not there. */
  phases: z.record(z.string(), PhaseReport),
  /** What was compared: the cold phase as the caller saw it. */
  target: z.object({
    p95_ms: Milliseconds,
    in_time: z.number().min(0).max(1),
    missed: z.boolean(),
  }),
});
export type BenchmarkReport = z.infer<typeof BenchmarkReport>;

/** Where it is kept: by their names, reports are in order. */
export function reportKey({
  environment,
  started_at: startedAt,
}: Pick<BenchmarkReport, 'environment' | 'started_at'>): string {
  return `benchmarks/${environment}/${startedAt}.json`;
}
