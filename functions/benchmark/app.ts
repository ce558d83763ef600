import type { EmfCollection } from '../../adapters/emf-collection.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import type { Logger } from '../../core/ports.ts';
import type { Clock } from '../../core/timings.ts';
import { type RemainingTime, startBatchTime } from '../batch-time.ts';
import type { Ask } from './ask.ts';
import { type BenchmarkReport, reportKey } from './report.ts';
import { type BenchmarkPlan, runBenchmark } from './run.ts';

export interface BenchmarkFunctionParts {
  readonly plan: BenchmarkPlan;
  readonly ask: Ask;
  readonly reports: Pick<ObjectStore, 'put'>;
  readonly metrics: Pick<EmfCollection, 'add' | 'count' | 'flush'>;
  readonly logger: Logger;
  readonly now: Clock;
  /** Milliseconds since 1970. */
  readonly epochMs: () => number;
  /** A whole number of 32 bits. */
  readonly randomSeed: () => number;
  /** Kept of an invocation's time for what comes after the run. */
  readonly marginMs?: number;
}

/** Its event says nothing: a schedule sends one. */
export type BenchmarkFunction = (
  event: unknown,
  context: RemainingTime,
) => Promise<BenchmarkReport>;

/**
 * The function that measures the search where its users reach it, by a schedule or when somebody invokes
 * it. It ends in time: what it had no time for is missing in its report. Whatever goes wrong at the other
 * end is a result, and no error.
 *
 * Throws where its report cannot be kept.
 */
export function createBenchmarkFunction(parts: BenchmarkFunctionParts): BenchmarkFunction {
  const { plan, ask, now, epochMs, marginMs = 10_000 } = parts;
  return async (_, context) => {
    const [startMs, startedAt] = [now(), new Date(epochMs()).toISOString()];
    const time = startBatchTime(context, marginMs);
    try {
      const start = parts.randomSeed() % 400_000;
      const seen = await runBenchmark(plan, { ask, now, start, signal: time.signal });
      const seconds = Math.round(now() - startMs) / 1000;
      const report = { version: 1, started_at: startedAt, seconds, ...seen } as const;
      const kept = await keep(parts, report, time.answerSignal());
      tell(parts, report, kept.ok);
      if (!kept.ok) throw new Error(kept.error.detail, { cause: kept.error.cause });
      return report;
    } finally {
      time.stop();
    }
  };
}

function keep(
  { reports }: BenchmarkFunctionParts,
  report: BenchmarkReport,
  signal: AbortSignal,
): ReturnType<ObjectStore['put']> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(report, undefined, 2)}\n`);
  return reports.put(reportKey(report), bytes, { contentType: 'application/json', signal });
}

function tell(
  { metrics, logger }: BenchmarkFunctionParts,
  report: BenchmarkReport,
  isKept: boolean,
): void {
  // A 0 too: without any there is nothing to compare.
  metrics.count('failures', 0);
  for (const [name, { stages, answers, failures }] of Object.entries(report.phases)) {
    const { client } = stages;
    for (const share of ['p50', 'p95', 'p99'] as const) {
      // What nobody answered took no time.
      if (client) metrics.add(`${name}_${share}`, 'Milliseconds', client[share]);
    }
    metrics.count('requests', answers);
    for (const [code, count] of Object.entries(failures)) {
      metrics.count('requests', count);
      metrics.count('failures', count, code);
    }
  }
  metrics.count('missed', report.target.missed ? 1 : 0);
  metrics.count('finished', report.finished && isKept ? 1 : 0);
  metrics.flush();
  if (report.finished) logger.info({ benchmark: report }, 'Measured the search');
  else logger.warn({ benchmark: report }, `Did not finish: ${report.stopped?.detail}`);
}
