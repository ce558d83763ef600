import { onTestFinished } from 'vitest';
import { createMemoryRateLimiter } from '../../adapters/memory-rate-limiter.ts';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createPrometheusMetrics } from '../../adapters/prometheus-metrics.ts';
import { createFacets } from '../../core/facets.ts';
import { createImages } from '../../core/images.ts';
import { ok } from '../../core/result.ts';
import type { Search } from '../../core/search.ts';
import { createEdge, type EdgeSettings } from '../../edge/app.ts';
import { listen } from '../../http/server.ts';
import { type CloudFront, startCloudFront } from './cloudfront.ts';
import { synthesizeDistribution } from './cloudfront-stack.ts';
import type { DistributionRules } from './cloudfront-template.ts';
import { expectOk } from './expect-ok.ts';
import { createPoint } from './points.ts';
import { createResponse, healthy } from './search-app.ts';

export const cdnSeconds = 10;

/** What a test may change while it runs. */
export interface CloudFrontWorld {
  /** What CloudFront's functions read. */
  readonly keys: Map<string, string>;
  /** CloudFront's clock. */
  clockMs: number;
  /** What the edge searches with. */
  search: Search;
  /** Queries that came to the first of these. */
  readonly searched: string[];
  /** A real edge behind what stands for CloudFront, until the test is over. */
  start(settings?: Partial<EdgeSettings>): Promise<CloudFront>;
}

let synthesized: DistributionRules | undefined;

export function createCloudFrontWorld(): CloudFrontWorld {
  const searched: string[] = [];
  const world: CloudFrontWorld = {
    keys: new Map([['generation', 'g1']]),
    clockMs: 0,
    searched,
    async search({ query }) {
      searched.push(query);
      await Promise.resolve();
      return ok(createResponse({ query }));
    },
    start(settings = {}) {
      // As it takes a while, once for all tests of a file.
      synthesized ??= synthesizeDistribution(cdnSeconds);
      return start(synthesized, world, settings);
    },
  };
  return world;
}

async function start(
  rules: DistributionRules,
  world: CloudFrontWorld,
  settings: Partial<EdgeSettings>,
): Promise<CloudFront> {
  const now = () => performance.now();
  const store = createMemoryStore({ dimensions: 2 });
  await store.upsert([createPoint('1', Float32Array.of(1, 0))]);
  const log = () => {};
  const edge = createEdge({
    search: (query, context) => world.search(query, context),
    images: createImages({
      store,
      modelId: 'fake',
      urlsOf: () => ({ url: '/', thumbnail_url: null }),
    }),
    facets: createFacets(store),
    describe: () => store.describe(),
    health: async () => healthy,
    limiter: createMemoryRateLimiter({ now }),
    metrics: createPrometheusMetrics(now),
    logger: { debug: log, info: log, warn: log, error: log },
    now,
    timeoutMs: 5000,
    settings: {
      keys: [],
      keysRequired: false,
      rate: { perSecond: 0, burst: 1 },
      trustedProxies: 1,
      corsOrigins: [],
      logQueries: false,
      cdnSeconds,
      ...settings,
    },
  });
  const server = expectOk(await listen({ fetch: edge.fetch, hostname: '127.0.0.1', port: 0 }));
  const front = await startCloudFront({
    rules,
    originUrl: `http://127.0.0.1:${server.port}`,
    keys: {
      async get(key) {
        const value = world.keys.get(key);
        if (value === undefined) throw new Error(`KeyNotFound: ${key}`);
        return value;
      },
    },
    now: () => world.clockMs,
  });
  onTestFinished(async () => {
    await front.close();
    await server.close(0);
  });
  return front;
}

/** `Hit`, `Miss`, `RefreshHit`, `Error`. */
export async function howOf(asked: Promise<Response>): Promise<string> {
  const response = await asked;
  await response.arrayBuffer();
  return response.headers.get('x-cache')?.split(' ')[0] ?? '';
}

export function get(
  { url }: CloudFront,
  path = '/search?q=dog',
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}${path}`, { headers });
}
