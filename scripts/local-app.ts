import type { Hono } from 'hono';
import { createPictureReader } from '../adapters/picture-reader.ts';
import type { Cache, Metrics } from '../core/ports.ts';
import type { Clock } from '../core/timings.ts';
import type { Tracer } from '../core/tracing.ts';
import { createEdge, type LlmParts } from '../edge/app.ts';
import { openLlm } from '../edge/open-llm.ts';
import { createLocalSearch } from '../gpu-service/app.ts';
import { localHosts } from '../http/only-hosts.ts';
import { createPage } from '../http/page.ts';
import { createPictures, pictureUrls } from '../http/pictures.ts';
import type { Intake } from './intake.ts';
import { createLocalThumbnails } from './local-thumbnails.ts';
import { localIndexOf, type Opened } from './open-local.ts';

export interface LocalAppParts {
  readonly cache: Cache;
  readonly intake: Intake;
  readonly tracer: Tracer | undefined;
  /** The folder of the page in its built form. */
  readonly page: string;
  readonly metrics: Metrics;
  readonly now: Clock;
}

/** Addresses that only this machine can reach. */
const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

/** The edge on a search of its own, with the page in front of it and the pictures beside it. */
export function createLocalApp(opened: Opened, parts: LocalAppParts): Hono {
  const { engine, config, front, frontConfig, logger } = opened;
  const { cache, intake, tracer, metrics, now } = parts;
  const page = createPage(parts.page);
  const maxSearches = config.MAX_CONCURRENT_SEARCHES;
  const local = { ...engine, urlsOf: pictureUrls, metrics, maxSearches };
  const lists = { cache, index: localIndexOf(config) };
  // Others write to Qdrant too, and only a Redis that all share tells that they did.
  const isAlone = config.VECTOR_STORE === 'embedded';
  const ttlSeconds = frontConfig.REDIS_CACHE_TTL;
  const app = createEdge({
    ...local,
    ...createLocalSearch(local),
    ...front,
    ...intake.edge,
    lists,
    llm: openLocalLlm(opened, parts),
    cached:
      isAlone || front.cache
        ? { ...lists, modelId: engine.encoder.model.id, ttlSeconds }
        : undefined,
    hosts: loopback.has(config.API_HOST) ? localHosts : undefined,
    openRoutes: page.routes.map(({ path }) => path),
    logger,
    tracer,
    now,
    timeoutMs: config.REQUEST_TIMEOUT_MS,
  });
  app.route('/', createPictures({ store: engine.store, objectsOf: intake.objectsOf }));
  app.route('/', page);
  return app;
}

/** What a vision model is shown is read, and made small, here. */
function openLocalLlm(
  { engine, front, frontConfig, logger }: Opened,
  { cache, intake, metrics, now }: LocalAppParts,
): LlmParts {
  const { store } = engine;
  const { objectsOf } = intake;
  const thumbnails = createLocalThumbnails({ store, objectsOf, pictures: createPictureReader() });
  const { redis } = front;
  const ttlSeconds = frontConfig.REDIS_CACHE_TTL;
  return openLlm(frontConfig, { redis, cache, ttlSeconds, thumbnails, metrics, logger, now });
}
