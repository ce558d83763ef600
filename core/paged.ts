import { randomUUID } from 'node:crypto';
import { firstCursor, readCursor, writeCursor } from './cursor.ts';
import { type Async, failure } from './failure.ts';
import { createFlights } from './flights.ts';
import { createGeneration } from './generation.ts';
import { createKeptLists, type KeptLists, unanswered } from './kept-lists.ts';
import { limits, type SearchQuery, type SearchResponse } from './model.ts';
import type { Cache } from './ports.ts';
import { requestKey } from './request-key.ts';
import { err, ok } from './result.ts';
import { type RequestContext, roundMs, type Search } from './search.ts';

export interface PagingOptions {
  /** Finds a list. Not through a cache of answers: lists would fill it, and are kept already. */
  readonly searchAll: Search;
  /** Keeps the lists. */
  readonly cache: Cache;
  /** What tells the index from all others in the cache: its collection, and where that is. */
  readonly index: string;
  /** How long a list can be read. */
  readonly ttlSeconds?: number;
}

/**
 * Answers page by page whoever asks with a cursor, from a list that is searched for once and then
 * frozen: nothing comes twice and nothing is left out, whatever is indexed meanwhile. Whoever asks
 * without one has the answer of `search`.
 *
 * Besides what a search fails with: `cursor_expired` for a list that is gone, `cursor_unavailable`
 * where it can't be kept or looked at, `invalid_field` for a cursor of another request.
 *
 * @param options Left out where nothing keeps lists: every cursor is refused then.
 */
export function withPaging(search: Search, options?: PagingOptions): Search {
  const paged = options ? createPaged(options) : refuse;
  return (query, context) =>
    query.cursor === null ? search(query, context) : paged(query, query.cursor, context);
}

type PagedSearch = (query: SearchQuery, cursor: string, context: RequestContext) => Page;
type Page = Async<SearchResponse>;

function createPaged(options: PagingOptions): PagedSearch {
  const { cache, index, ttlSeconds = 600 } = options;
  const lists = createKeptLists({ cache, index, ttlSeconds });
  const begin = createBegin(options, lists);
  return async (query, cursor, context) => {
    // How a list is cut into pages makes it no other list.
    const whole = { ...query, cursor: null, top_k: limits.listed };
    const page = await (cursor === firstCursor
      ? begin(whole, query.top_k, context)
      : goOn(lists, { whole, cursor, top: query.top_k }, context));
    if (!page.ok) return page;
    // The same words, but perhaps in other letters; and each waited for a time of its own.
    const latency_ms = roundMs(context.timings.elapsed());
    return ok({ ...page.value, query: query.query || null, latency_ms });
  };
}

/** Searches for a whole list, keeps it, and answers with its beginning. */
function createBegin({ searchAll, cache, index }: PagingOptions, lists: KeptLists) {
  const generations = createGeneration(cache, index);
  const flights = createFlights<SearchResponse>();

  async function freeze(whole: SearchQuery, top: number, context: RequestContext): Page {
    const found = await searchAll(whole, context);
    if (!found.ok) return found;
    const { results } = found.value;
    if (results.length <= top) return ok({ ...found.value, next_cursor: null });
    const kept = await context.timings.measure('keep', () =>
      lists.keep(requestKey(whole), found.value),
    );
    if (!kept.ok) return kept;
    const next_cursor = writeCursor({ list: kept.value, at: top });
    return ok({ ...found.value, results: results.slice(0, top), total: top, next_cursor });
  }

  return async (whole: SearchQuery, top: number, context: RequestContext): Page => {
    // Whoever knows of a change must not share what was searched for before it.
    const known = await context.timings.measure('cache', generations.ensure);
    // What could not be kept need not be searched for. A generation may also have ended just now.
    if (known === undefined && !(await cache.isConnected())) return err(unanswered());
    const generation = known ?? randomUUID();
    const key = `${generation} ${top} ${requestKey(whole)}`;
    const work = (signal: AbortSignal) => freeze(whole, top, { ...context, generation, signal });
    return flights.join(key, work, context.signal);
  };
}

async function goOn(
  lists: KeptLists,
  asked: { readonly whole: SearchQuery; readonly cursor: string; readonly top: number },
  { timings }: RequestContext,
): Page {
  const { list, at } = readCursor(asked.cursor);
  const read = () => lists.read({ list, at }, requestKey(asked.whole), asked.top);
  const part = await timings.measure('cache', read);
  if (!part.ok) return part;
  const { results, lasting, total: ofList } = part.value;
  const end = at + results.length;
  const next_cursor = end < ofList ? writeCursor({ list, at: end }) : null;
  const rest = { query: null, latency_ms: 0, cached: true, total: results.length };
  return ok({ ...rest, ...lasting, results, next_cursor });
}

async function refuse(): Page {
  const detail =
    'Cannot answer page by page as nothing here keeps lists of results: REDIS_ENABLED is false';
  return err(failure('cursor_unavailable', detail));
}
