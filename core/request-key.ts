import { hash } from 'node:crypto';
import { canonicalText } from './canonical-text.ts';
import type { SearchQuery } from './model.ts';

/**
 * What is one request for a cache: two of one key have the same answer. Texts count as the
 * tokenizer sees them, filters and what is excluded or liked in any order, and every other field as
 * it is, those to come included.
 * 43 characters.
 */
export function requestKey(request: SearchQuery): string {
  const known = keys.get(request);
  if (known !== undefined) return known;
  const { query, texts, exclude, like, filters, ...fields } = request;
  const canonical = {
    ...fields,
    query: canonicalText(query),
    texts: texts.map(({ text, weight }) => ({ text: canonicalText(text), weight })),
    exclude: exclude.map(canonicalText).toSorted(),
    like: like.toSorted(),
    filters: inOrder(filters),
  };
  const key = hash('sha256', JSON.stringify(canonical), 'base64url');
  keys.set(request, key);
  return key;
}

/** A request is asked for its key by several, and may be known since it was parsed. */
const keys = new WeakMap<SearchQuery, string>();

/** The same value, with the keys of every object in order; lists keep theirs. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  // Pairs, as an object would put keys that look like numbers first.
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, inOrder(item)]);
}
