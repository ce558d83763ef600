import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import { limits, SearchQuery } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createRecord } from '../test/support/points.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createResponse, createTestApp } from '../test/support/search-app.ts';
import { createRemoteSearch } from './remote-search.ts';
import { listen, type RunningServer } from './server.ts';

let answer: Search = async ({ query }) => ok(createResponse({ query }));
let server: RunningServer;
let remote: Search;

beforeAll(async () => {
  const app = createTestApp({
    search: (...asked) => answer(...asked),
    maxTopK: limits.listed,
  });
  server = expectOk(await listen({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }));
  remote = createRemoteSearch({ baseUrl: `http://127.0.0.1:${server.port}` });
});

afterAll(() => server.close(0));

const query = SearchQuery.parse({ query: 'a dog', filters: { category: 'animals' } });

describe('a remote search', () => {
  it('asks the same question and gives the same answer as the one behind it', async () => {
    let asked: unknown;
    answer = async (received, { requestId, generation }) => {
      asked = { received, requestId, generation };
      return ok(createResponse({ query: received.query, total: 0 }));
    };
    const found = await remote(query, requestContext({ generation: 'g1' }));
    expect(expectOk(found)).toEqual(createResponse());
    expect(asked).toEqual({ received: query, requestId: 'request-1', generation: 'g1' });
  });

  it('carries a whole list, with all that is known of each picture', async () => {
    const { metadata } = createRecord('1');
    const note = 'x'.repeat(20_000);
    const results = Array.from({ length: limits.listed }, (_, place) => {
      return {
        id: String(place),
        score: 1,
        confidence: 0.9,
        duplicates: ['7'],
        metadata: { ...metadata, note, url: '/', thumbnail_url: null },
      };
    });
    answer = async ({ top_k }) => ok(createResponse({ results: results.slice(0, top_k) }));
    const found = await remote({ ...query, top_k: limits.listed }, requestContext());
    expect(expectOk(found).results).toEqual(results);
  });

  it('tells the service nothing of pages', async () => {
    answer = async (received) => ok(createResponse({ query: JSON.stringify(received) }));
    const page = { ...query, cursor: '*' };
    const asked: unknown = JSON.parse(expectOk(await remote(page, requestContext())).query ?? '');
    expect(asked).toEqual(query);
  });

  it('keeps the code of a failure behind it', async () => {
    answer = async () => {
      const more = { retryAfterSeconds: 7 };
      return err(failure('overloaded', 'Cannot search as it is too busy', more));
    };
    expect(expectFailure(await remote(query, requestContext()))).toEqual({
      code: 'overloaded',
      detail: 'Cannot search as it is too busy',
      retryAfterSeconds: 7,
    });
  });

  it('tells the log, and not the client, about a bug behind it', async () => {
    answer = () => {
      throw new Error('bug');
    };
    // However often: the others must not suffer for it.
    for (let i = 0; i < 10; i += 1) {
      const { code, detail, cause } = expectFailure(await remote(query, requestContext()));
      expect([code, detail]).toEqual([
        'search_unavailable',
        'Cannot answer as the search service met a bug',
      ]);
      expect(String(cause)).toContain('request-1');
    }
    answer = async () => ok(createResponse());
    expectOk(await remote(query, requestContext()));
  });

  it('ends when it is told to, and the work behind it too', async () => {
    const stopped = Promise.withResolvers<void>();
    answer = (_, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => stopped.resolve()));
    const timed = await remote(query, requestContext({ signal: AbortSignal.timeout(100) }));
    expect(expectFailure(timed).code).toBe('timeout');
    await stopped.promise;
    const gone = AbortSignal.abort();
    const left = await remote(query, requestContext({ signal: gone }));
    expect(expectFailure(left).code).toBe('cancelled');
  });

  it('says which service does not answer where it is told what to call it', async () => {
    const baseUrl = 'http://127.0.0.1:9';
    const nobody = expectFailure(await createRemoteSearch({ baseUrl })(query, requestContext()));
    expect(nobody.code).toBe('search_unavailable');
    expect(nobody.detail).not.toContain('127.0.0.1');
    expect(String(nobody.cause)).toContain('127.0.0.1:9');
    const named = createRemoteSearch({ baseUrl, service: baseUrl });
    expect(expectFailure(await named(query, requestContext())).detail).toContain(baseUrl);
  });
});
