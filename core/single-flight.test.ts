import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createResponse } from '../test/support/search-app.ts';
import { failure } from './failure.ts';
import { SearchQuery } from './model.ts';
import { err, ok, type Result } from './result.ts';
import type { RequestContext, Search } from './search.ts';
import { withSingleFlight } from './single-flight.ts';

type Answer = Awaited<ReturnType<Search>>;

/** A search that waits to be told its answer, one call after the other. */
function createHeld() {
  const calls: { query: SearchQuery; context: RequestContext; end: (answer: Answer) => void }[] =
    [];
  const search = withSingleFlight((query, context) => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    calls.push({ query, context, end: resolve });
    return promise;
  });
  return { calls, search };
}

const ask = (request: object) => SearchQuery.parse({ query: 'a dog', ...request });

describe('withSingleFlight', () => {
  it('searches once for all who ask the same, and gives each the words it asked with', async () => {
    const { calls, search } = createHeld();
    const answers = ['a dog', 'A  Dog', 'a dog'].map((query) =>
      search(ask({ query }), requestContext()),
    );
    expect(calls).toHaveLength(1);
    calls[0]?.end(ok(createResponse({ total: 7 })));
    const given = (await Promise.all(answers)).map(expectOk);
    expect(given.map(({ query }) => query)).toEqual(['a dog', 'A  Dog', 'a dog']);
    expect(given.every(({ total }) => total === 7)).toBe(true);
    void search(ask({}), requestContext());
    expect(calls).toHaveLength(2);
  });

  it('searches for every other request and every other generation', () => {
    const { calls, search } = createHeld();
    void search(ask({}), requestContext({ generation: 'one' }));
    void search(ask({}), requestContext({ generation: 'two' }));
    void search(ask({}), requestContext());
    void search(ask({ top_k: 3 }), requestContext());
    expect(calls).toHaveLength(4);
  });

  it('shares failures, and tries again afterwards', async () => {
    const { calls, search } = createHeld();
    const answers = [search(ask({}), requestContext()), search(ask({}), requestContext())];
    calls[0]?.end(err(failure('store_unavailable', 'gone')));
    for (const answer of answers) expect(expectFailure(await answer).detail).toBe('gone');
    void search(ask({}), requestContext());
    expect(calls).toHaveLength(2);
  });

  it('lets go whoever is out of time, and ends the search when nobody waits', async () => {
    const { calls, search } = createHeld();
    const first = new AbortController();
    const second = new AbortController();
    const leaving: Promise<Result<unknown, unknown>> = search(
      ask({}),
      requestContext({ signal: first.signal }),
    );
    const staying = search(ask({}), requestContext({ signal: second.signal }));
    first.abort();
    expect((await leaving).ok).toBe(false);
    expect(calls[0]?.context.signal.aborted).toBe(false);
    second.abort();
    expect(expectFailure(await staying).code).toBe('cancelled');
    expect(calls[0]?.context.signal.aborted).toBe(true);
  });
});
