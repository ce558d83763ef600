import type { Failure } from '../core/failure.ts';
import { createLru } from '../core/lru.ts';
import { limits, type SearchQuery, searchQueryUpTo } from '../core/model.ts';
import { ok, type Result } from '../core/result.ts';
import { parseFields } from './parse-request.ts';
import { fromQueryString } from './query-string.ts';
import { parseJson } from './read-body.ts';

const knownTexts = 1000;
const maxKnownLength = 1024;

/**
 * Parses what is asked, as a JSON body or a query string. What was good before is known: parsing and
 * checking is otherwise a fifth of an answer from the cache. Requests of one text are one object.
 */
export function createQueryParser({ maxTopK = limits.topK }: { readonly maxTopK?: number } = {}) {
  const schema = searchQueryUpTo(maxTopK);
  const bodies = createLru<SearchQuery>(knownTexts);
  const queryStrings = createLru<SearchQuery>(knownTexts);
  const remember = (known: typeof bodies, text: string, query: Result<SearchQuery, Failure>) => {
    if (query.ok && text.length <= maxKnownLength) known.set(text, query.value);
    return query;
  };
  return {
    body(text: string): Result<SearchQuery, Failure> {
      const known = bodies.get(text);
      if (known) return ok(known);
      const json = parseJson(text);
      return json.ok ? remember(bodies, text, parseFields(schema, json.value)) : json;
    },
    queryString(text: string): Result<SearchQuery, Failure> {
      const known = queryStrings.get(text);
      if (known) return ok(known);
      const raw = fromQueryString(new URLSearchParams(text));
      return remember(queryStrings, text, parseFields(schema, raw));
    },
  };
}
