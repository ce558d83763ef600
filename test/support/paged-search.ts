import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryCache } from '../../adapters/memory-cache.ts';
import type { Async } from '../../core/failure.ts';
import { type Hit, SearchQuery, type SearchResponse } from '../../core/model.ts';
import { type PagingOptions, withPaging } from '../../core/paged.ts';
import type { Cache } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import type { RequestContext, Search } from '../../core/search.ts';
import { expectOk } from './expect-ok.ts';
import { createRecord } from './points.ts';
import { requestContext } from './request-context.ts';
import { createResponse } from './search-app.ts';

/** Asks for a page; the first one of `a dog`, unless the request says otherwise. */
export type AskPage = (request?: object, context?: RequestContext) => Async<SearchResponse>;

/** A search of a list that changes, and a cache that keeps lists, for tests of paging. */
export interface PagedWorld {
  clockMs: number;
  /** What a search finds now. */
  hits: Hit[];
  readonly cache: Cache;
  /** What the cache has been given, under which key. */
  readonly written: ReadonlyMap<string, string>;
  /** What was searched for. */
  readonly searched: readonly { readonly query: SearchQuery; readonly context: RequestContext }[];
  readonly searchAll: Search;
  createPaged(changes?: Partial<PagingOptions>): AskPage;
}

export function createPagedWorld(): PagedWorld {
  const written = new Map<string, string>();
  const searched: { query: SearchQuery; context: RequestContext }[] = [];
  const memory = createMemoryCache({ now: () => world.clockMs });
  const world: PagedWorld = {
    clockMs: 0,
    hits: createHits(250),
    written,
    searched,
    cache: {
      ...memory,
      set(key, value, options) {
        written.set(key, value);
        return memory.set(key, value, options);
      },
    },
    async searchAll(query, context) {
      searched.push({ query, context });
      const results = world.hits.slice(0, query.top_k);
      // As long as others who ask at the same time need to join.
      await sleep(5);
      const total = results.length;
      return ok(createResponse({ query: query.query, results, total, latency_ms: 99_999 }));
    },
    createPaged(changes) {
      const { searchAll, cache } = world;
      const paged = withPaging(searchAll, { searchAll, cache, index: 'images', ...changes });
      return (request, context = requestContext()) =>
        paged(SearchQuery.parse({ query: 'a dog', cursor: '*', ...request }), context);
    },
  };
  return world;
}

/** Hits in order of their score. @param notes Lengths of one more text in their metadata, in turn. */
export function createHits(count: number, notes: readonly number[] = []): Hit[] {
  return Array.from({ length: count }, (_, place) => {
    const { id, metadata } = createRecord(String(place));
    const note = 'x'.repeat(notes[place % notes.length] ?? 0);
    const urls = { url: `/pictures/${id}`, thumbnail_url: null };
    const shown = { ...metadata, note, ...urls };
    return { id, score: 1 - place / 1000, confidence: null, duplicates: [], metadata: shown };
  });
}

/** A page that is not the last, with the cursor of the next. */
export async function askForMore(ask: AskPage, request: object = {}) {
  const { next_cursor, ...page } = expectOk(await ask(request));
  if (typeof next_cursor !== 'string') throw new Error('There is only one page');
  return { ...page, next_cursor };
}

export function idsOf({ results }: Pick<SearchResponse, 'results'>): string[] {
  return results.map(({ id }) => id);
}
