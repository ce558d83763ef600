import type { Hono } from 'hono';
import { createPlaces, withBound, withBoundedImages } from '../core/bounded.ts';
import { createFacets } from '../core/facets.ts';
import { createImages } from '../core/images.ts';
import { withKeptFacets } from '../core/kept-facets.ts';
import { limits } from '../core/model.ts';
import { withPaging } from '../core/paged.ts';
import type { Encoder, Metrics, VectorStore } from '../core/ports.ts';
import type { Tracer } from '../core/tracing.ts';
import { createSearch, type Search, type UrlsOf } from '../core/search.ts';
import { withSingleFlight } from '../core/single-flight.ts';
import type { Clock } from '../core/timings.ts';
import { createHealthCheck } from '../http/health.ts';
import { logRequests, type RequestLogParts } from '../http/log-requests.ts';
import { createSearchApp, type SearchAppParts } from '../http/search-app.ts';
import { requireServiceSecret } from '../http/service-secret.ts';
import { traceRequests } from '../http/trace-requests.ts';

export interface GpuServiceParts {
  readonly encoder: Encoder;
  /** What the health check encodes with: neither queue nor cache may answer for the model. */
  readonly bareEncoder: Encoder;
  readonly store: VectorStore;
  readonly urlsOf: UrlsOf;
  readonly metrics: Metrics;
  readonly logger: RequestLogParts['logger'];
  readonly logQueries: boolean;
  readonly tracer?: Tracer | undefined;
  /** None: everybody may ask. */
  readonly secrets: readonly string[];
  readonly maxSearches: number;
  readonly now: Clock;
  readonly timeoutMs: number;
}

/** The search over HTTP, on an encoder and a store that are open already. */
export function createGpuService(parts: GpuServiceParts): Hono {
  const { search, ...local } = createLocalSearch(parts);
  // Those who share a search share its place.
  return createSearchApp(withPaging(withSingleFlight(search)), {
    ...parts,
    ...local,
    facets: withKeptFacets(local.facets, parts),
    // The edge asks for whole lists, and answers page by page.
    maxTopK: limits.listed,
    guards: [traceRequests(parts.tracer), logRequests(parts), requireServiceSecret(parts.secrets)],
  });
}

/** What is searched and told here, whoever asks: also `npm start`, which has the edge before it. */
export function createLocalSearch(
  parts: Pick<
    GpuServiceParts,
    'encoder' | 'bareEncoder' | 'store' | 'urlsOf' | 'metrics' | 'maxSearches'
  >,
): Pick<SearchAppParts, 'images' | 'facets' | 'health' | 'describe'> & { search: Search } {
  const { encoder, store, urlsOf } = parts;
  const places = createPlaces(parts.maxSearches);
  parts.metrics.trackQueue('searches', places.taken);
  const images = createImages({ store, urlsOf, modelId: encoder.model.id });
  return {
    search: withBound(createSearch({ encoder, store, urlsOf }), places),
    images: withBoundedImages(images, places),
    facets: createFacets(store),
    health: createHealthCheck({ encoder: parts.bareEncoder, store }),
    describe: () => store.describe(),
  };
}
