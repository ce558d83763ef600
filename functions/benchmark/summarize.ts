import { percentile } from '../../core/rolling-window.ts';
import type { Measured, Sample } from './measure.ts';

/** Milliseconds of one stage. */
export interface Numbers {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The standard deviation, of a sample: n − 1. */
  readonly stdev: number;
}

type Counts = Readonly<Record<string, number>>;

export interface PhaseSummary {
  /** How many were answered. */
  readonly answers: number;
  /** Milliseconds; a stage that a server's answer does not name took 0 there. */
  readonly stages: Readonly<Record<string, Numbers>>;
  readonly requests_per_second: number;
  /** Answers by what they say of the server's cache. */
  readonly x_cache: Counts;
  /** Answers by what CloudFront says of its own. */
  readonly cdn: Counts;
  /** Requests by the code that they failed with. */
  readonly failures: Counts;
}

const last = ['encode', 'search', 'overhead', 'total', 'client'];

export function summarizePhase(measured: Measured): PhaseSummary {
  const { samples, seconds, cache, cdn, failures } = measured;
  const stages = stagesOf(samples).map((stage) => [stage, summarizeStage(stage, samples)]);
  return {
    answers: samples.length,
    stages: Object.fromEntries(stages),
    requests_per_second: seconds === 0 ? 0 : samples.length / seconds,
    x_cache: Object.fromEntries(cache),
    cdn: Object.fromEntries(cdn),
    failures: Object.fromEntries(failures),
  };
}

/** What only some servers have comes first: a cache, or another server behind. */
function stagesOf(samples: readonly Sample[]): string[] {
  const seen = new Set(samples.flatMap((sample) => Object.keys(sample)));
  return [
    ...[...seen].filter((stage) => !last.includes(stage)),
    ...last.filter((stage) => seen.has(stage)),
  ];
}

/** A CDN's answer has no stages but that of the caller. */
function summarizeStage(stage: string, samples: readonly Sample[]): Numbers {
  const those = stage === 'client' ? samples : samples.filter(({ total }) => total !== undefined);
  return summarizeNumbers(those.map((sample) => sample[stage] ?? 0));
}

/** @param values at least one. */
export function summarizeNumbers(values: readonly number[]): Numbers {
  const sorted = Float64Array.from(values).sort();
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    p50: percentile(sorted, 50),
    p90: percentile(sorted, 90),
    p95: percentile(sorted, 95),
    p99: percentile(sorted, 99),
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    mean,
    stdev: sorted.length < 2 ? 0 : Math.sqrt(squares / (sorted.length - 1)),
  };
}

export interface Target {
  /** Milliseconds that 95 of 100 requests may take, as the caller saw it. */
  readonly p95_ms: number;
  /** Which share of all requests was answered within that time: 0 to 1. What failed was not. */
  readonly in_time: number;
  readonly missed: boolean;
}

/**
 * Whether 95 of 100 requests were answered in time. Without failures that is the p95; a failure is never
 * an answer in time, and no request at all has not met anything.
 */
export function judge({ samples, failures }: Measured, p95Ms: number): Target {
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const inTime = samples.filter(({ client = Infinity }) => client <= p95Ms).length;
  const share = inTime / Math.max(1, samples.length + failed);
  return { p95_ms: p95Ms, in_time: share, missed: share < 0.95 };
}
