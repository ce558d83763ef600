import * as z from 'zod';
import type { Async } from '../core/failure.ts';
import type { FacetsSource } from '../core/facets.ts';
import type { Images } from '../core/images.ts';
import type { CollectionStats } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import type { Clock } from '../core/timings.ts';
import type { Health } from './health.ts';
import {
  createRemoteAsk,
  createRemoteFacets,
  createRemoteImages,
  createRemoteSearchOn,
} from './remote-ask.ts';
import { createRemoteCaller } from './remote-caller.ts';
import { createExchanges } from './remote-exchange.ts';
import { askHealth } from './remote-health.ts';
import { serviceSecretHeader } from './service-secret.ts';
import { Stats } from './stats.ts';

/** A search service as another process sees it. */
export interface RemoteService {
  readonly search: Search;
  readonly images: Images;
  readonly facets: FacetsSource;
  /** What the service's `/stats` say of its collection. */
  describe(): Async<CollectionStats>;
  /** What its `/health` says, healthy or not; `undefined` when nobody answers. */
  health(): Promise<Health | undefined>;
  /** Gives up its connections. */
  close(): Promise<void>;
}

export interface RemoteServiceOptions {
  /** Such as `http://service:8000`; may have a path, which is kept. */
  readonly baseUrl: string;
  /** Shown to the service with every request. */
  readonly secret?: string | undefined;
  /**
   * How long a request may take from its beginning, which `context.timings` knows: the service is
   * told what is left of it.
   */
  readonly timeoutMs?: number;
  /** Requests under way at the same time; past it `overloaded`. */
  readonly maxCalls?: number;
  /** What failures call it; the default says nothing of where it is. */
  readonly service?: string;
  readonly now?: Clock;
}

const StatsAnswer = z.object({ collection: Stats.shape.collection });
/** Longer than the service takes to find out about itself. */
const aboutTimeoutMs = 6000;

/**
 * What a search service behind this process can be asked. Nothing takes longer than its time,
 * nothing throws, and failures keep their codes; whatever is no answer of the service is
 * `search_unavailable`.
 */
export function createRemoteService(options: RemoteServiceOptions): RemoteService {
  const { baseUrl, secret, timeoutMs = 10_000, maxCalls = 512 } = options;
  const { service = 'the search service', now = () => performance.now() } = options;
  const exchanges = createExchanges({ baseUrl });
  const caller = createRemoteCaller(exchanges, { service, maxCalls, now });
  const headers: Record<string, string> =
    secret === undefined ? {} : { [serviceSecretHeader]: secret };
  const ask = createRemoteAsk(caller, { headers, timeoutMs });

  return {
    search: createRemoteSearchOn(ask),
    images: createRemoteImages(ask),
    facets: createRemoteFacets(ask),
    async describe() {
      const stats = await caller.call({
        method: 'GET',
        path: '/stats',
        headers,
        schema: StatsAnswer,
        foreign: new Set(['not_found', 'method_not_allowed']),
        leftMs: aboutTimeoutMs,
        hedged: false,
      });
      if (!stats.ok) return stats;
      const { vectors_count: vectorsCount, ...rest } = stats.value.collection;
      return ok({ ...rest, vectorsCount });
    },
    health: () => askHealth(exchanges, { headers, timeoutMs: aboutTimeoutMs }),
    close: async () => exchanges.close(),
  };
}
