import type { MiddlewareHandler } from 'hono';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createPrometheusMetrics } from '../../adapters/prometheus-metrics.ts';
import { createFacets, type FacetsSource } from '../../core/facets.ts';
import { createImages } from '../../core/images.ts';
import type { SearchResponse } from '../../core/model.ts';
import type { Logger, Metrics, VectorStore } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import type { Search } from '../../core/search.ts';
import type { Uploads } from '../../core/uploads.ts';
import type { Health } from '../../http/health.ts';
import { pictureUrls } from '../../http/pictures.ts';
import { createSearchApp } from '../../http/search-app.ts';

export const healthy: Health = {
  status: 'healthy',
  clip_loaded: true,
  qdrant_connected: null,
  redis_connected: null,
  vector_store: 'memory',
  device: 'cpu',
  model: 'fake',
};

export function createResponse(changes: Partial<SearchResponse> = {}): SearchResponse {
  return {
    query: 'a dog',
    results: [],
    total: 0,
    latency_ms: 1,
    cached: false,
    explanation: null,
    model: 'fake',
    query_truncated: false,
    ...changes,
  };
}

/** A logger that remembers its lines. */
export function createLog(): Logger & { readonly lines: { level: string; message: string }[] } {
  const lines: { level: string; message: string }[] = [];
  const at = (level: string) => (_: unknown, message: string) =>
    void lines.push({ level, message });
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

/** The HTTP face on a given search, with a memory store behind the other routes. */
export function createTestApp(
  parts: {
    readonly search?: Search;
    readonly store?: VectorStore;
    readonly health?: () => Promise<Health>;
    readonly logger?: Logger;
    readonly timeoutMs?: number;
    readonly maxTopK?: number;
    readonly uploads?: Uploads;
    readonly facets?: FacetsSource;
    readonly metrics?: Metrics;
    readonly guards?: readonly MiddlewareHandler[];
    readonly keepAliveMs?: number;
  } = {},
) {
  const store = parts.store ?? createMemoryStore({ dimensions: 2 });
  const search: Search = parts.search ?? (async ({ query }) => ok(createResponse({ query })));
  const now = () => performance.now();
  return createSearchApp(search, {
    images: createImages({ store, modelId: 'fake', urlsOf: pictureUrls }),
    health: parts.health ?? (async () => healthy),
    describe: () => store.describe(),
    facets: parts.facets ?? createFacets(store),
    metrics: parts.metrics ?? createPrometheusMetrics(now),
    logger: parts.logger ?? createLog(),
    now,
    timeoutMs: parts.timeoutMs ?? 5000,
    uploads: parts.uploads,
    ...(parts.maxTopK !== undefined && { maxTopK: parts.maxTopK }),
    ...(parts.guards !== undefined && { guards: parts.guards }),
    ...(parts.keepAliveMs !== undefined && { keepAliveMs: parts.keepAliveMs }),
  });
}

/** A request with a JSON body, as a client sends it. */
export function post(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
