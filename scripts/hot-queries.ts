import { setTimeout as pause } from 'node:timers/promises';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { createClient, type SearchInput } from '../web/client.ts';
import type { HotAnswer, Server } from './cache-servers.ts';

/** A cache that is not connected yet answers sooner or later. */
const patienceMs = 20_000;

/** Asks until all of them are answered from the cache; what the last one is answered. */
export async function makeHot(
  { url, apiKey }: Server,
  queries: readonly SearchInput[],
): Async<HotAnswer> {
  let last: HotAnswer = { text: '', headers: {} };
  const client = createClient({
    baseUrl: url,
    apiKey,
    async fetch(input, init) {
      const response = await fetch(input, init);
      last = { text: await response.clone().text(), headers: ownHeaders(response) };
      return response;
    },
  });
  let said = 'nothing';
  for (const endsAt = performance.now() + patienceMs; performance.now() < endsAt;) {
    let hits = 0;
    for (const query of queries) {
      const answer = await client.search(query);
      if (answer.ok && answer.cache === 'hit') hits += 1;
      else if (answer.ok) said = `X-Cache: ${answer.cache ?? 'none'}`;
      else said = `${answer.problem.code}: ${answer.problem.detail}`;
    }
    if (hits === queries.length) return ok(last);
    await pause(100);
  }
  const detail = `Cannot measure as the server does not answer from its cache, but says ${said}`;
  return err(failure('search_unavailable', detail));
}

/** Without those that the HTTP server itself adds to every answer. */
function ownHeaders({ headers }: Response): Record<string, string> {
  const added = new Set(['connection', 'content-length', 'date', 'keep-alive']);
  return Object.fromEntries([...headers].filter(([name]) => !added.has(name)));
}
