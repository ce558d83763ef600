import * as z from 'zod';
import {
  abortFailure,
  failure,
  type Failure,
  type FailureCode,
  failures,
} from '../core/failure.ts';
import { SearchResponse } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';

const ProblemBody = z.object({
  code: z.string().refine((code): code is FailureCode => Object.hasOwn(failures, code)),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

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
      return response.ok ? ok(SearchResponse.parse(body)) : err(toFailure(body, response.status));
    } catch (cause) {
      if (signal.aborted) return err(abortFailure(signal));
      return err(
        failure('store_unavailable', `Cannot search as ${baseUrl} does not answer`, { cause }),
      );
    }
  };
}

function toFailure(body: unknown, status: number): Failure {
  const problem = ProblemBody.safeParse(body);
  if (!problem.success)
    return failure('store_unavailable', `Cannot search as it answered ${status}`);
  const { code, detail, errors } = problem.data;
  return failure(code, detail, errors === undefined ? {} : { errors });
}
