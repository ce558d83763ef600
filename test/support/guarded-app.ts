import type { Context, Hono } from 'hono';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createPrometheusMetrics } from '../../adapters/prometheus-metrics.ts';
import { createFacets } from '../../core/facets.ts';
import { type ApiKey, createApiKeyCheck, type Scope } from '../../core/api-keys.ts';
import { createImages } from '../../core/images.ts';
import type { Rate, RateLimiter, VectorStore } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import type { Search } from '../../core/search.ts';
import type { Uploads } from '../../core/uploads.ts';
import { authenticate, authorize } from '../../http/authenticate.ts';
import { createAddressOf } from '../../http/client-address.ts';
import { crossOrigin } from '../../http/cross-origin.ts';
import { limitRate } from '../../http/limit-rate.ts';
import { pictureUrls } from '../../http/pictures.ts';
import { createAccessOf } from '../../http/route-access.ts';
import { createSearchApp } from '../../http/search-app.ts';
import type { UploadForms } from '../../http/upload-form.ts';
import { createCountingLimiter } from './counting-limiter.ts';
import { createLog, createResponse, healthy } from './search-app.ts';

export interface Guards {
  /** Left out: nobody needs a key. */
  readonly keys?: readonly ApiKey[] | undefined;
  readonly anonymous?: readonly Scope[];
  readonly limiter?: RateLimiter;
  readonly rate?: Rate;
  readonly addressOf?: (c: Context) => string;
  readonly origins?: readonly string[];
  /** Patterns of routes that are added later and need no key. */
  readonly open?: readonly string[];
}

/** The search app with everything in front of it that may refuse a request. */
export function createGuardedApp({
  search = async ({ query }) => ok(createResponse({ query })),
  store = createMemoryStore({ dimensions: 2 }),
  uploads,
  uploadForms,
  connectTo,
  ...guards
}: Guards & {
  readonly search?: Search;
  readonly store?: VectorStore;
  readonly uploads?: Uploads;
  readonly uploadForms?: UploadForms;
  readonly connectTo?: readonly string[];
} = {}): Hono {
  const now = () => performance.now();
  return createSearchApp(search, {
    images: createImages({ store, modelId: 'fake', urlsOf: pictureUrls }),
    health: async () => healthy,
    facets: createFacets(store),
    describe: () => store.describe(),
    metrics: createPrometheusMetrics(now),
    logger: createLog(),
    now,
    timeoutMs: 5000,
    uploads,
    uploadForms,
    connectTo,
    guards: guardsOf(guards),
  });
}

function guardsOf({ keys, anonymous = [], origins = [], ...parts }: Guards) {
  const accessOf = createAccessOf(parts.open);
  const limit = limitRate({
    limiter: parts.limiter ?? createCountingLimiter(),
    rate: parts.rate ?? { perSecond: 0, burst: 1 },
    addressOf: parts.addressOf ?? createAddressOf({ trustedProxies: 0 }),
    accessOf,
  });
  if (keys === undefined) return [crossOrigin(origins), limit];
  return [
    crossOrigin(origins),
    authenticate({ check: createApiKeyCheck(keys) }),
    limit,
    authorize({ accessOf, anonymous }),
  ];
}
