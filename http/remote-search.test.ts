import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import { SearchQuery } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { createTimings } from '../core/timings.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createResponse, createTestApp } from '../test/support/search-app.ts';
import { createRemoteSearch } from './remote-search.ts';
import { listen, type RunningServer } from './server.ts';

let answer: Search = async ({ query }) => ok(createResponse({ query }));
let server: RunningServer;
let remote: Search;

beforeAll(async () => {
  const app = createTestApp({ search: (...asked) => answer(...asked) });
  server = expectOk(await listen({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }));
  remote = createRemoteSearch({ baseUrl: `http://127.0.0.1:${server.port}` });
});

afterAll(() => server.close(0));

function context(signal = AbortSignal.timeout(5000)) {
  return {
    requestId: 'request-1',
    signal,
    timings: createTimings(() => performance.now()),
    notes: {},
  };
}

const query = SearchQuery.parse({ query: 'a dog', filters: { category: 'animals' } });

describe('a remote search', () => {
  it('asks the same question and gives the same answer as the one behind it', async () => {
    let asked: unknown;
    answer = async (received, { requestId }) => {
      asked = { received, requestId };
      return ok(createResponse({ query: received.query, total: 0 }));
    };
    expect(expectOk(await remote(query, context()))).toEqual(createResponse());
    expect(asked).toEqual({ received: query, requestId: 'request-1' });
  });

  it('keeps the code of a failure behind it', async () => {
    answer = async () => err(failure('overloaded', 'Cannot search as it is too busy'));
    expect(expectFailure(await remote(query, context()))).toEqual({
      code: 'overloaded',
      detail: 'Cannot search as it is too busy',
    });
  });

  it('takes a bug behind it for a store that does not answer', async () => {
    answer = () => {
      throw new Error('bug');
    };
    expect(expectFailure(await remote(query, context())).code).toBe('store_unavailable');
  });

  it('ends when it is told to', async () => {
    answer = () => new Promise(() => {});
    const waiting = await remote(query, context(AbortSignal.timeout(30)));
    expect(expectFailure(waiting).code).toBe('timeout');
  });

  it('says which server does not answer', async () => {
    const nobody = createRemoteSearch({ baseUrl: 'http://127.0.0.1:9' });
    const { code, detail } = expectFailure(await nobody(query, context()));
    expect(code).toBe('store_unavailable');
    expect(detail).toContain('http://127.0.0.1:9');
  });
});
