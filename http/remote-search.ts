import { abortFailure, failure } from '../core/failure.ts';
import { SearchResponse } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { readProblem } from './remote-failure.ts';

/** A search that another process answers over HTTP. Its failures keep their codes. */
export function createRemoteSearch({ baseUrl }: { readonly baseUrl: string }): Search {
  const url = new URL('/search', baseUrl);
  return async (query, { signal, requestId }) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': requestId },
        body: JSON.stringify(query),
        signal,
      });
      const body: unknown = await response.json();
      if (response.ok) return ok(SearchResponse.parse(body));
      const detail = `Cannot search as it answered ${response.status}`;
      return err(readProblem(body) ?? failure('store_unavailable', detail));
    } catch (cause) {
      if (signal.aborted) return err(abortFailure(signal));
      return err(
        failure('store_unavailable', `Cannot search as ${baseUrl} does not answer`, { cause }),
      );
    }
  };
}
