import { Hono } from 'hono';
import * as z from 'zod';
import type { Async } from '../core/failure.ts';
import type { CollectionStats, Metrics } from '../core/ports.ts';
import { refuseOtherMethods } from './middleware.ts';
import { respondFailure } from './respond.ts';

const StageSummary = z.object({
  count: z.int(),
  p50_ms: z.number(),
  p95_ms: z.number(),
  p99_ms: z.number(),
  mean_ms: z.number(),
});

/** The answer of `GET /stats`: percentiles over the last 10,000 searches. */
export const Stats = z.object({
  metrics: z.object({
    uptime_seconds: z.number(),
    embedding_latency_ms: StageSummary,
    search_latency_ms: StageSummary,
    total_latency_ms: StageSummary,
  }),
  collection: z.object({
    collection: z.string(),
    vectors_count: z.int(),
    status: z.enum(['green', 'yellow']),
    indexed: z.number(),
  }),
});
export type Stats = z.infer<typeof Stats>;

export interface StatsParts {
  readonly metrics: Metrics;
  readonly describe: () => Async<CollectionStats>;
}

/** `/stats` for people, `/metrics` for Prometheus. */
export function createStatsApp({ metrics, describe }: StatsParts): Hono {
  const app = new Hono();
  app.get('/stats', async (c) => {
    const described = await describe();
    if (!described.ok) return respondFailure(c, described.error);
    const { collection, vectorsCount, status, indexed } = described.value;
    const { embedding, search, total } = metrics.summaries();
    const stats: Stats = {
      metrics: {
        uptime_seconds: metrics.uptimeSeconds(),
        embedding_latency_ms: embedding,
        search_latency_ms: search,
        total_latency_ms: total,
      },
      collection: { collection, vectors_count: vectorsCount, status, indexed },
    };
    return c.json(stats, 200, { 'Cache-Control': 'no-store' });
  });
  app.all('/stats', refuseOtherMethods('GET, HEAD'));
  app.get('/metrics', async (c) => {
    const { contentType, body } = await metrics.exposition();
    return c.body(body, 200, { 'Content-Type': contentType });
  });
  app.all('/metrics', refuseOtherMethods('GET, HEAD'));
  return app;
}
