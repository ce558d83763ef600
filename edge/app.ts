import type { Hono, MiddlewareHandler } from 'hono';
import { type ApiKey, createApiKeyCheck, type Scope } from '../core/api-keys.ts';
import { type CachedOptions, withCache } from '../core/cached.ts';
import { type ExplanationOptions, withExplanation } from '../core/explained.ts';
import { createGeneration } from '../core/generation.ts';
import { withKeptFacets } from '../core/kept-facets.ts';
import { withPaging } from '../core/paged.ts';
import type { Cache, Rate, RateLimiter } from '../core/ports.ts';
import type { Tracer } from '../core/tracing.ts';
import type { RerankingOptions } from '../core/reranked-question.ts';
import { withReranking } from '../core/reranked.ts';
import type { Search } from '../core/search.ts';
import { withSingleFlight } from '../core/single-flight.ts';
import { authenticate, authorize } from '../http/authenticate.ts';
import { behindCdn } from '../http/behind-cdn.ts';
import { createAddressOf } from '../http/client-address.ts';
import { crossOrigin } from '../http/cross-origin.ts';
import type { Health } from '../http/health.ts';
import { limitRate } from '../http/limit-rate.ts';
import { onlyHosts } from '../http/only-hosts.ts';
import { logRequests, type RequestLogParts } from '../http/log-requests.ts';
import { createAccessOf } from '../http/route-access.ts';
import { createSearchApp, type SearchAppParts } from '../http/search-app.ts';
import { traceRequests } from '../http/trace-requests.ts';

export interface EdgeParts extends Omit<SearchAppParts, 'guards' | 'logger'> {
  /** In this process, or behind it. */
  readonly search: Search;
  /** Left out: every search is searched. */
  readonly cached?: Omit<CachedOptions, 'now' | 'logger'> | undefined;
  /** Keeps the lists that are answered page by page. Left out: what keeps answers keeps them too. */
  readonly lists?: Pick<CachedOptions, 'cache' | 'index'> | undefined;
  /** Language models; what is left out is off. */
  readonly llm?: LlmParts | undefined;
  readonly limiter: RateLimiter;
  readonly settings: EdgeSettings;
  readonly tracer?: Tracer | undefined;
  readonly logger: RequestLogParts['logger'];
  /** The names that it answers to; left out: any. */
  readonly hosts?: readonly string[] | undefined;
  /** Patterns of further routes, added later, that need no key. */
  readonly openRoutes?: readonly string[];
}

export interface LlmParts {
  readonly explanation?: ExplanationOptions | undefined;
  readonly rerank?: RerankingOptions | undefined;
}

export interface EdgeSettings {
  readonly keys: readonly ApiKey[];
  readonly keysRequired: boolean;
  /** For keys without a rate of their own, and for addresses. */
  readonly rate: Rate;
  readonly trustedProxies: number;
  /** That a CDN in front may keep the answer to a GET; left out or 0: no such CDN. */
  readonly cdnSeconds?: number;
  readonly corsOrigins: readonly string[];
  readonly logQueries: boolean;
}

/** What the outside talks to: who may ask, how often, and what is known already, before a search. */
export function createEdge(parts: EdgeParts): Hono {
  return createSearchApp(searchOf(parts), {
    ...parts,
    facets: facetsOf(parts),
    health: withFeatures(withCacheHealth(parts.health, parts.cached?.cache), parts.llm),
    guards: guardsOf(parts),
  });
}

/**
 * What language models add is outside of what is kept: so an answer is found once for all who ask, is
 * shown before a model is asked, and a model that fails leaves nothing behind.
 */
function searchOf({ search, cached, lists = cached, llm, now, logger }: EdgeParts): Search {
  const shared = withSingleFlight(search);
  const known = cached === undefined ? shared : withCache(shared, { ...cached, now, logger });
  const paging = lists && { searchAll: search, cache: lists.cache, index: lists.index };
  const paged = withPaging(known, paging);
  return withExplanation(withReranking(paged, llm?.rerank), llm?.explanation);
}

function facetsOf({ facets, cached, lists, now }: EdgeParts): EdgeParts['facets'] {
  const kept = cached ?? lists;
  const generation = kept && createGeneration(kept.cache, kept.index).ensure;
  return withKeptFacets(facets, { now, generation });
}

/** In this order: a refusal is logged, can be read by a page of another origin, and costs a token. */
function guardsOf(parts: EdgeParts): MiddlewareHandler[] {
  const { limiter, settings, openRoutes, hosts, tracer, logger, now } = parts;
  const { keys, keysRequired, rate, trustedProxies, corsOrigins, logQueries } = settings;
  const { cdnSeconds = 0 } = settings;
  const accessOf = createAccessOf(openRoutes);
  const addressOf = createAddressOf({ trustedProxies });
  const hasKeys = keys.length > 0 || keysRequired;
  const isLimited = rate.perSecond > 0 || keys.some((key) => key.rate !== undefined);
  const anonymous: readonly Scope[] = keysRequired ? [] : ['search'];
  // What would do nothing is left out: it would still be a step of every request.
  return [
    ...(tracer ? [traceRequests(tracer)] : []),
    logRequests({ logger, now, logQueries }),
    ...(hosts ? [onlyHosts(hosts)] : []),
    ...(cdnSeconds > 0 ? [behindCdn(cdnSeconds)] : []),
    ...(corsOrigins.length > 0 ? [crossOrigin(corsOrigins)] : []),
    ...(hasKeys ? [authenticate({ check: createApiKeyCheck(keys) })] : []),
    ...(isLimited ? [limitRate({ limiter, rate, addressOf, accessOf })] : []),
    ...(hasKeys ? [authorize({ accessOf, anonymous })] : []),
  ];
}

/** And what can be asked for here besides pictures. */
function withFeatures(check: () => Promise<Health>, llm?: LlmParts): () => Promise<Health> {
  const features = {
    explanation: llm?.explanation !== undefined,
    rerank: llm?.rerank !== undefined,
  };
  return async () => ({ ...(await check()), features });
}

/** The health of the service, and whether Redis can be asked; a search needs no Redis. */
function withCacheHealth(check: () => Promise<Health>, cache?: Cache): () => Promise<Health> {
  if (cache?.kind !== 'redis') return check;
  return async () => {
    const [health, connected] = await Promise.all([check(), cache.isConnected()]);
    const status = health.status === 'healthy' && !connected ? 'degraded' : health.status;
    return { ...health, status, redis_connected: connected };
  };
}
