import { randomUUID } from 'node:crypto';
import type { Hono } from 'hono';
import { createDirectoryUploads } from '../../adapters/directory-uploads.ts';
import { createMemoryCache } from '../../adapters/memory-cache.ts';
import { createMemoryRateLimiter } from '../../adapters/memory-rate-limiter.ts';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createPrometheusMetrics } from '../../adapters/prometheus-metrics.ts';
import { createFacets } from '../../core/facets.ts';
import { createImages } from '../../core/images.ts';
import { locateByRecord } from '../../core/locate-image.ts';
import type { VectorStore } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { createSearch, type Search } from '../../core/search.ts';
import { createUploads } from '../../core/uploads.ts';
import { createEdge, type EdgeParts, type EdgeSettings } from '../../edge/app.ts';
import { createPictures, pictureUrls } from '../../http/pictures.ts';
import { createDirectoryObjects } from '../../adapters/directory-objects.ts';
import { createFakeEncoder } from './fake-encoder.ts';
import { createPoint, randomVector } from './points.ts';
import { seededRandom } from './random.ts';
import { healthy } from './search-app.ts';

/** A laptop without keys, where pages of every origin may ask. */
export const openSettings: EdgeSettings = {
  keys: [],
  keysRequired: false,
  rate: { perSecond: 0, burst: 1 },
  trustedProxies: 1,
  corsOrigins: ['*'],
  logQueries: true,
};

/** Pictures 1, 2 and 3, the last with everything that metadata may have. */
export async function createThreePictures(): Promise<VectorStore> {
  const store = createMemoryStore({ dimensions: 64 });
  const random = seededRandom(1);
  const metadata = { rating: 4.5, hidden: false, tags: ['a', 1, true], gone: null, category: null };
  await store.upsert([
    createPoint('1', randomVector(random, 64)),
    createPoint('2', randomVector(random, 64), { width: 100 }),
    createPoint('3', randomVector(random, 64), metadata),
  ]);
  return store;
}

/** Uploads to the folder of the three pictures, of which there is only the name. */
function createNowhereUploads(store: VectorStore) {
  const objects = { root: '/pictures', put: async () => ok(undefined) };
  const uploadForms = createDirectoryUploads({ objects, path: '/uploads/form', now: Date.now });
  const uploads = createUploads({
    target: uploadForms.target,
    objects: { root: '/pictures', remove: async () => ok(undefined) },
    locate: locateByRecord(store),
    newId: randomUUID,
  });
  return { uploads, uploadForms };
}

export interface WholeEdge {
  readonly app: Hono;
  /** What it logs as errors. */
  readonly bugs: readonly string[];
  /** What it logs of requests. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

/** The whole edge: cache, keys, limits and CORS before a real search of a fake encoder. */
export function createWholeEdge(parts: {
  readonly settings: EdgeSettings;
  readonly store: VectorStore;
  readonly search?: Search;
  readonly llm?: EdgeParts['llm'];
}): WholeEdge {
  const { settings, store } = parts;
  const now = () => performance.now();
  const bugs: string[] = [];
  const lines: Readonly<Record<string, unknown>>[] = [];
  const ignore = () => {};
  const encoder = createFakeEncoder();
  const app = createEdge({
    search: parts.search ?? createSearch({ encoder, store, urlsOf: pictureUrls }),
    images: createImages({ store, modelId: 'fake', urlsOf: pictureUrls }),
    health: async () => healthy,
    facets: createFacets(store),
    describe: () => store.describe(),
    metrics: createPrometheusMetrics(now),
    limiter: createMemoryRateLimiter({ now }),
    cached: {
      cache: createMemoryCache({ now }),
      index: 'images',
      modelId: 'fake',
      ttlSeconds: 60,
    },
    ...createNowhereUploads(store),
    settings,
    llm: parts.llm,
    logger: {
      debug: ignore,
      info: (line) => void lines.push(line),
      warn: ignore,
      error: ({ err }) => void bugs.push(err instanceof Error ? (err.stack ?? '') : String(err)),
    },
    now,
    timeoutMs: 5000,
  });
  app.route('/', createPictures({ store, objectsOf: createDirectoryObjects }));
  return { app, bugs, lines };
}
