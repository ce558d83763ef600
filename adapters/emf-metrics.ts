import type { Metrics, Stage } from '../core/ports.ts';
import type { Summary } from '../core/rolling-window.ts';
import type { Clock } from '../core/timings.ts';
import { codeLabel } from './code-label.ts';
import {
  createEmfCollection,
  type EmfCollection,
  type EmfCollectionOptions,
} from './emf-collection.ts';
import { llmLabel } from './llm-label.ts';
import { createStageWindows } from './stage-windows.ts';
import { utcDay } from './utc-day.ts';

export interface EmfOptions extends EmfCollectionOptions {
  readonly now: Clock;
}

export interface EmfMetrics extends Metrics {
  /** One measurement of something else, kept by itself. */
  readonly add: EmfCollection['add'];
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
  const { add, count, track, flush } = createEmfCollection(options);
  return {
    add,
    observe(stage, milliseconds) {
      windows.add(stage, milliseconds);
      add(`${stage}_duration`, 'Milliseconds', milliseconds);
    },
    countRequest(_, status, code) {
      count('requests', 1);
      // A 0 too: a share of nothing is no share.
      count('server_errors', status >= 500 ? 1 : 0);
      if (code !== 'ok') count('failures', 1, codeLabel(code));
    },
    countCache: (state) => count(`cache_${state}`, 1),
    countLlm(task, outcome) {
      count(`llm_${task}`, 1, llmLabel(outcome));
      const { input_tokens: input, output_tokens: output, cost_usd: cost } = outcome;
      if (input + output > 0) {
        count(`llm_${task}_input_tokens`, input);
        count(`llm_${task}_output_tokens`, output);
      }
      if (cost !== null && cost > 0) count(`llm_${task}_cost_usd`, cost);
    },
    trackLlmQuota(task, { used, limit }) {
      const day = utcDay(options.epochMs());
      // That of yesterday says nothing of today.
      track(`llm_${task}_quota_used`, () => (utcDay(options.epochMs()) === day ? used : 0));
      track(`llm_${task}_quota_limit`, () => limit);
    },
    countTextLookup: (hit) => count(hit ? 'text_cache_hit' : 'text_cache_miss', 1),
    observeBatch: (texts) => add('encoder_batch_texts', 'Count', texts),
    trackQueue: (queue, depth) => track(`queue_depth_${queue}`, depth),
    uptimeSeconds: windows.uptimeSeconds,
    summaries: windows.summaries,
    exposition: async () => expose(windows.summaries()),
    flush,
  };
}

/** The windows alone: the rest is counted by CloudWatch. */
function expose(summaries: Readonly<Record<Stage, Summary>>) {
  const name = 'search_stage_duration_seconds';
  const lines = Object.entries(summaries).flatMap(([stage, { p50_ms, p95_ms, p99_ms }]) => {
    const shares = { '0.5': p50_ms, '0.95': p95_ms, '0.99': p99_ms };
    return Object.entries(shares).map(
      ([share, ms]) => `${name}{stage="${stage}",quantile="${share}"} ${ms / 1000}`,
    );
  });
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    body: `# TYPE ${name} summary\n${lines.join('\n')}\n`,
  };
}
