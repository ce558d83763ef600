import type { Metrics, Stage } from '../core/ports.ts';
import type { Summary } from '../core/rolling-window.ts';
import type { Clock } from '../core/timings.ts';
import { codeLabel } from './code-label.ts';
import { type EmfMetric, formatEmf, maxValues } from './emf-document.ts';
import { createStageWindows } from './stage-windows.ts';

export interface EmfOptions {
  readonly now: Clock;
  /** Milliseconds since 1970: the moment that CloudWatch files the values under. */
  readonly epochMs: () => number;
  /**
   * Takes one line, with its end. On Lambda that is `process.stdout.write`: what `console.log` writes
   * there has a prefix, and is no document any more.
   */
  readonly write: (line: string) => void;
  /** Where CloudWatch shows them: not `AWS/…`, and no colon in front. */
  readonly namespace: string;
  /** Every pair of the two is a set of metrics of its own, and paid for. */
  readonly service: string;
  readonly environment: string;
}

export interface EmfMetrics extends Metrics {
  /** Writes what came together since the last time; to be called when an invocation ends. */
  flush(): void;
}

/**
 * Metrics for CloudWatch, as lines of its embedded metric format: no agent, no call, and nothing
 * that a request waits for. Durations keep each their value, so that percentiles are exact; counts
 * are summed up. `failures` comes once in all and once by `code`.
 */
export function createEmfMetrics(options: EmfOptions): EmfMetrics {
  const windows = createStageWindows(options.now);
  const { add, count, fail, trackQueue, flush } = createCollection(options);
  return {
    observe(stage, milliseconds) {
      windows.add(stage, milliseconds);
      add(`${stage}_duration`, 'Milliseconds', milliseconds);
    },
    countRequest(_, status, code) {
      count('requests', 1);
      // A 0 too: a share of nothing is no share.
      count('server_errors', status >= 500 ? 1 : 0);
      if (code !== 'ok') fail(codeLabel(code));
    },
    countCache: (state) => count(`cache_${state}`, 1),
    countTextLookup: (hit) => count(hit ? 'text_cache_hit' : 'text_cache_miss', 1),
    observeBatch: (texts) => add('encoder_batch_texts', 'Count', texts),
    trackQueue,
    uptimeSeconds: windows.uptimeSeconds,
    summaries: windows.summaries,
    exposition: async () => ({
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      body: expose(windows.summaries()),
    }),
    flush,
  };
}

function createCollection(options: EmfOptions) {
  const { epochMs, namespace, service, environment, write } = options;
  const values = new Map<string, { unit: EmfMetric['unit']; values: number[] }>();
  const counts = new Map<string, number>();
  const failures = new Map<string, number>();
  const queues = new Map<string, () => number>();
  function writeLine(metrics: ReadonlyMap<string, EmfMetric>, code?: string): void {
    const own = { service, environment };
    const dimensions = code === undefined ? own : { ...own, code };
    const dimensionSets = [
      Object.keys(own),
      ...(code === undefined ? [] : [Object.keys(dimensions)]),
    ];
    write(formatEmf({ epochMs: epochMs(), namespace, dimensions, dimensionSets, metrics }));
  }

  function flush(): void {
    const metrics = new Map<string, EmfMetric>(values);
    for (const [name, total] of counts) metrics.set(name, countOf(total));
    if (metrics.size > 0) {
      for (const [queue, depth] of queues) metrics.set(`queue_depth_${queue}`, countOf(depth()));
      writeLine(metrics);
    }
    for (const [code, total] of failures) writeLine(new Map([['failures', countOf(total)]]), code);
    for (const written of [values, counts, failures]) written.clear();
  }

  return {
    add(name: string, unit: EmfMetric['unit'], value: number): void {
      if (!Number.isFinite(value)) return;
      const known = values.get(name) ?? { unit, values: [] };
      values.set(name, known);
      known.values.push(value);
      // A long invocation writes earlier: a line takes no more.
      if (known.values.length >= maxValues) flush();
    },
    count: (name: string, more: number) => raise(counts, name, more),
    fail: (code: string) => raise(failures, code, 1),
    trackQueue: (queue: string, depth: () => number) => void queues.set(queue, depth),
    flush,
  };
}

function raise(map: Map<string, number>, name: string, more: number): void {
  map.set(name, (map.get(name) ?? 0) + more);
}

function countOf(total: number): EmfMetric {
  return { unit: 'Count', values: total };
}

/** The windows alone: the rest is counted by CloudWatch. */
function expose(summaries: Readonly<Record<Stage, Summary>>): string {
  const name = 'search_stage_duration_seconds';
  const lines = Object.entries(summaries).flatMap(([stage, { p50_ms, p95_ms, p99_ms }]) => {
    const shares = { '0.5': p50_ms, '0.95': p95_ms, '0.99': p99_ms };
    return Object.entries(shares).map(
      ([share, ms]) => `${name}{stage="${stage}",quantile="${share}"} ${ms / 1000}`,
    );
  });
  return `# TYPE ${name} summary\n${lines.join('\n')}\n`;
}
