import type { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import { type Async, failure } from '../core/failure.ts';
import type { CollectionStats } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { createStatsApp, Stats } from './stats.ts';

const info: CollectionStats = {
  collection: 'images',
  vectorsCount: 12,
  status: 'green',
  indexed: 1,
};

describe('/stats', () => {
  it('has percentiles of the stages, and what is indexed', async () => {
    const response = await createApp(async () => ok(info)).request('/stats');
    expect(response.status).toBe(200);
    expect(Stats.parse(await response.json())).toMatchObject({
      metrics: {
        embedding_latency_ms: { count: 1, p50_ms: 5 },
        search_latency_ms: { count: 1, p99_ms: 2 },
        total_latency_ms: { count: 2, p50_ms: 8, p95_ms: 9, mean_ms: 8.5 },
      },
      collection: { collection: 'images', vectors_count: 12, status: 'green', indexed: 1 },
    });
  });

  it('fails as the index does, whose numbers it can not leave out', async () => {
    const gone = failure('search_unavailable', 'Cannot search as the service does not answer');
    const app = createApp(async () => err(gone));
    const response = await app.request('/stats');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'search_unavailable' });
    // What was measured can be had all the same.
    const metrics = await app.request('/metrics');
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await metrics.text()).toContain('search_stage_duration_seconds_count{stage="total"} 2');
  });
});

function createApp(describeIndex: () => Async<CollectionStats>): Hono {
  const metrics = createPrometheusMetrics(() => performance.now());
  metrics.observe('embedding', 5);
  metrics.observe('search', 2);
  for (const ms of [8, 9]) metrics.observe('total', ms);
  return createStatsApp({ metrics, describe: describeIndex });
}
