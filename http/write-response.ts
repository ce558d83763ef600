import type { SearchResponse } from '../core/model.ts';

interface Written {
  readonly query: string | null;
  /** All of the answer but how long it took and where from. */
  readonly text: string;
}

/** By results, which are one list for as long as somebody keeps them. */
const known = new WeakMap<SearchResponse['results'], Written>();

/**
 * A response as JSON. What is kept by a cache is written once for all requests: that would otherwise
 * take longer than to find it.
 */
export function writeResponse(response: SearchResponse): string {
  const { query, results, latency_ms, cached, ...rest } = response;
  let written = known.get(results);
  if (written === undefined || written.query !== query) {
    written = { query, text: JSON.stringify({ query, results, ...rest }).slice(0, -1) };
    known.set(results, written);
  }
  return `${written.text},"cached":${cached},"latency_ms":${latency_ms}}`;
}
