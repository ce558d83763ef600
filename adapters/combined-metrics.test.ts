import { expect, it } from 'vitest';
import type { Metrics } from '../core/ports.ts';
import { combineMetrics } from './combined-metrics.ts';
import { createEmfMetrics } from './emf-metrics.ts';
import { createPrometheusMetrics } from './prometheus-metrics.ts';

it('tells all of them everything, and asks the first', async () => {
  const lines: string[] = [];
  const first = createPrometheusMetrics(() => 0);
  const second = createEmf(lines);
  const metrics = combineMetrics(first, second);
  useAll(metrics);
  second.flush();
  const alone: string[] = [];
  const other = createEmf(alone);
  useAll(other);
  other.flush();
  expect(lines).toEqual(alone);
  expect(lines.length).toBeGreaterThan(2);
  expect(metrics.summaries()).toEqual(first.summaries());
  expect(metrics.summaries().total.count).toBe(1);
  expect(await metrics.exposition()).toEqual(await first.exposition());
  expect((await metrics.exposition()).body).toContain('queue_depth{queue="texts"} 3');
});

function createEmf(lines: string[]) {
  return createEmfMetrics({
    now: () => 0,
    epochMs: () => 1_900_000_000_000,
    write: (line) => void lines.push(line),
    namespace: 'PictureSearch',
    service: 'gpu-service',
    environment: 'staging',
  });
}

function useAll(metrics: Metrics): void {
  metrics.observe('total', 5);
  metrics.countRequest('/search', 503, 'overloaded');
  metrics.countCache('hit');
  const spent = { cached: false, input_tokens: 3, output_tokens: 4, cost_usd: 0.5 };
  metrics.countLlm('rerank', { outcome: 'ok', ...spent });
  metrics.trackLlmQuota('rerank', { used: 1, limit: 2 });
  metrics.countTextLookup(true);
  metrics.observeBatch(7);
  metrics.trackQueue('texts', () => 3);
}
