import { createFlights } from './flights.ts';
import type { SearchResponse } from './model.ts';
import { requestKey } from './request-key.ts';
import { ok } from './result.ts';
import { roundMs, type Search } from './search.ts';

/**
 * Searches once for all who ask the same at the same time. Failures are shared too. Every caller
 * keeps its own deadline; the search ends when nobody waits for it any more.
 *
 * Whoever knows of a newer state of the index (`context.generation`) does not join what began before.
 */
export function withSingleFlight(search: Search): Search {
  const flights = createFlights<SearchResponse>();
  return async (query, context) => {
    const key = `${context.generation ?? ''} ${requestKey(query)}`;
    const work = (signal: AbortSignal) => search(query, { ...context, signal });
    const found = await flights.join(key, work, context.signal);
    if (!found.ok) return found;
    // The same words, but perhaps in other letters; and each waited for a time of its own.
    const latency_ms = roundMs(context.timings.elapsed());
    return ok({ ...found.value, query: query.query || null, latency_ms });
  };
}
