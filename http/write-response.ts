import type { SearchResponse } from '../core/model.ts';

/** Results that were written before, and are kept by whoever cached them. */
const written = new WeakMap<SearchResponse['results'], string>();

/** A response as JSON. The results of an answer from the cache are written once for all requests. */
export function writeResponse({ query, results, ...rest }: SearchResponse): string {
  let text = written.get(results);
  if (text === undefined) {
    text = JSON.stringify(results);
    written.set(results, text);
  }
  return `{"query":${JSON.stringify(query)},"results":${text},${JSON.stringify(rest).slice(1)}`;
}
