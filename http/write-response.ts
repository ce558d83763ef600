import type { SearchResponse } from '../core/model.ts';

/**
 * All of an answer but how long it took, where from, and what a model said of it: of one list of
 * results it is mostly the same.
 */
type Lasting = Omit<SearchResponse, 'results' | 'latency_ms' | 'cached' | 'explanation' | 'llm'>;

interface Written {
  readonly lasting: Lasting;
  readonly text: string;
}

/** By results, which are one list for as long as somebody keeps them. */
const known = new WeakMap<SearchResponse['results'], Written>();

/**
 * A response as JSON. What is kept by a cache is written once for all requests: that would otherwise
 * take longer than to find it.
 */
export function writeResponse(response: SearchResponse): string {
  const { results, latency_ms, cached, explanation, llm, ...lasting } = response;
  let written = known.get(results);
  if (written === undefined || !areSame(written.lasting, lasting)) {
    const { query, ...rest } = lasting;
    written = { lasting, text: JSON.stringify({ query, results, ...rest }).slice(0, -1) };
    known.set(results, written);
  }
  const said = explanation === null ? 'null' : JSON.stringify(explanation);
  const asked = llm === undefined ? '' : `,"llm":${JSON.stringify(llm)}`;
  return `${written.text},"explanation":${said}${asked},"cached":${cached},"latency_ms":${latency_ms}}`;
}

/** Field by field; what is no plain value is the same only when it is the same object. */
function areSame(one: Lasting, other: Lasting): boolean {
  const keys = Object.keys(one) as (keyof Lasting)[];
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
