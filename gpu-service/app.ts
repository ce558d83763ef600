import type { Hono } from 'hono';
import { createImages } from '../core/images.ts';
import type { Encoder, Logger, Metrics, VectorStore } from '../core/ports.ts';
import { createSearch, type UrlOf } from '../core/search.ts';
import type { Clock } from '../core/timings.ts';
import { createHealthCheck } from '../http/health.ts';
import { createSearchApp } from '../http/search-app.ts';

export interface GpuServiceParts {
  readonly encoder: Encoder;
  /** What the health check encodes with: neither queue nor cache may answer for the model. */
  readonly bareEncoder: Encoder;
  readonly store: VectorStore;
  readonly urlOf: UrlOf;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: Clock;
  readonly timeoutMs: number;
}

/** The search over HTTP, on an encoder and a store that are open already. */
export function createGpuService(parts: GpuServiceParts): Hono {
  const { encoder, store, urlOf } = parts;
  return createSearchApp(createSearch({ encoder, store, urlOf }), {
    ...parts,
    images: createImages({ store, urlOf, modelId: encoder.model.id }),
    health: createHealthCheck({ encoder: parts.bareEncoder, store }),
    describe: () => store.describe(),
  });
}
