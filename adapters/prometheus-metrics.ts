import { Counter, Histogram, Registry } from 'prom-client';
import type { Metrics, Stage } from '../core/ports.ts';
import { createRollingWindow } from '../core/rolling-window.ts';
import type { Clock } from '../core/timings.ts';

const bucketsSeconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];

/** Metrics for Prometheus (histograms), with exact percentiles of the last 10,000 besides. */
export function createPrometheusMetrics(now: Clock): Metrics {
  const start = now();
  const registry = new Registry();
  const durations = new Histogram({
    name: 'search_stage_duration_seconds',
    help: 'How long the parts of a search took',
    labelNames: ['stage'],
    buckets: bucketsSeconds,
    registers: [registry],
  });
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Answered requests by route, status and code',
    labelNames: ['route', 'status', 'code'],
    registers: [registry],
  });
  const windows = {
    embedding: createRollingWindow(),
    search: createRollingWindow(),
    total: createRollingWindow(),
  } satisfies Record<Stage, unknown>;
  return {
    observe(stage, milliseconds) {
      windows[stage].add(milliseconds);
      durations.observe({ stage }, milliseconds / 1000);
    },
    countRequest: (route, status, code) => requests.inc({ route, status, code }),
    uptimeSeconds: () => Math.round((now() - start) / 100) / 10,
    summaries: () => ({
      embedding: windows.embedding.summary(),
      search: windows.search.summary(),
      total: windows.total.summary(),
    }),
    exposition: async () => ({
      contentType: registry.contentType,
      body: await registry.metrics(),
    }),
  };
}
