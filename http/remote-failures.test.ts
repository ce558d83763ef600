import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { failures } from '../core/failure.ts';
import { SearchQuery } from '../core/model.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { answerJson, useHttpServers } from '../test/support/http-servers.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createResponse } from '../test/support/search-app.ts';
import { createRemoteSearch } from './remote-search.ts';
import type { RemoteServiceOptions } from './remote-service.ts';

const serve = useHttpServers();
const query = SearchQuery.parse({ query: 'a dog' });

function connect(url: string, options: Partial<RemoteServiceOptions> = {}) {
  const search = createRemoteSearch({ baseUrl: url, timeoutMs: 5000, ...options });
  return (context = requestContext()) => search(query, context);
}

function answerFound(response: ServerResponse): void {
  answerJson(response, createResponse());
}

function answerProblem(response: ServerResponse, code: keyof typeof failures): void {
  const problem = { code, detail: `Cannot search as ${code}`, request_id: 'request-1' };
  answerJson(response, problem, failures[code].status);
}

const page = '<!doctype html><title>Bad Gateway</title>';
const half = '{"query": "a dog", ';
const cuts: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'ends the connection': (response) => response.destroy(),
  'sends less than it announced': (response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write(half, () => response.destroy());
  },
  'breaks off in the middle': (response) => response.write(half, () => response.destroy()),
  'stands behind a gateway that lost it': (response) => response.writeHead(502).end(page),
};

describe('a connection that is lost', () => {
  it.each(Object.entries(cuts))('is tried again once when the service %s', async (_, cut) => {
    const server = await serve((response, place) =>
      place === 0 ? cut(response) : answerFound(response),
    );
    expectOk(await connect(server.url)());
    expect(server.asked).toHaveLength(2);
    const dead = await serve((response) => void cut(response));
    expect(expectFailure(await connect(dead.url)()).code).toBe('search_unavailable');
    expect(dead.asked).toHaveLength(2);
  });

  it('is nothing to a client after the service was started again', async () => {
    const first = await serve(answerFound);
    const search = connect(first.url);
    await Promise.all(Array.from({ length: 8 }, () => search()));
    await first.close();
    const second = await serve(answerFound, first.port);
    // All eight connections are dead, and there is no way to know.
    for (let i = 0; i < 3; i += 1) expectOk(await search());
    expect(second.connections()).toBe(1);
  });

  it('is tried again without a share of the budget when it was an old one', async () => {
    let lose = false;
    const server = await serve((response, _, { socket }) => {
      if (lose && served.has(socket)) return response.destroy();
      served.add(socket);
      return answerFound(response);
    });
    const served = new WeakSet<object>();
    const search = connect(server.url);
    await search();
    lose = true;
    // Every one of them meets the end of a used connection: far more than a budget of 10 allows.
    for (let i = 0; i < 40; i += 1) expectOk(await search());
    expect(server.asked).toHaveLength(1 + 2 * 40);
  });
});

describe('an answer that is none', () => {
  it.each<[string, number, string]>([
    ['a page', 200, page],
    ['half of one', 200, half],
    ['nothing', 200, ''],
    ['no content', 204, ''],
    ['another JSON', 200, '{"results": []}'],
    ['null', 200, 'null'],
    ['a redirect', 302, ''],
    ['a permanent one, with an answer in it', 308, JSON.stringify(createResponse())],
    ['a failed gateway', 502, page],
    ['a firewall', 403, page],
    ['another service', 404, '{"code": "not_found", "detail": "Cannot find anything here"}'],
    ['an unknown code', 400, '{"code": "teapot", "detail": "Cannot brew"}'],
    ['a hit without an id', 200, JSON.stringify({ ...createResponse(), results: [{ score: 1 }] })],
  ])('is search_unavailable: %s', async (_, status, body) => {
    const server = await serve((response) => {
      response.writeHead(status, { location: '/elsewhere' }).end(body);
    });
    const failed = expectFailure(await connect(server.url)());
    expect(failed.code).toBe('search_unavailable');
    expect(failed.detail).not.toContain(server.url);
    expect(failed.cause).toBeInstanceOf(Error);
  });

  it('is cut off when it has no end', async () => {
    const server = await serve((response) => {
      const more = () =>
        void (response.destroyed || response.write(Buffer.alloc(1_000_000, ' '), more));
      more();
    });
    const { code, detail } = expectFailure(await connect(server.url)());
    expect([code, detail]).toEqual(['search_unavailable', expect.stringContaining('without end')]);
    expect(server.asked).toHaveLength(1);
  });

  it('tells the log alone what to do about a wrong secret', async () => {
    const server = await serve((response) => answerProblem(response, 'unauthenticated'));
    const { code, detail, cause } = expectFailure(await connect(server.url)());
    expect(code).toBe('search_unavailable');
    expect(detail).not.toMatch(/secret/i);
    expect(String(cause)).toContain('SERVICE_SECRET');
  });
});

describe('a failure of the service', () => {
  it.each(['invalid_field', 'timeout', 'encoder_unavailable', 'store_unavailable'] as const)(
    'keeps its code: %s',
    async (code) => {
      const server = await serve((response) => answerProblem(response, code));
      const search = connect(server.url);
      // It is an answer: however many there are, the service is asked again.
      for (let i = 0; i < 10; i += 1) expect(expectFailure(await search()).code).toBe(code);
      expect(server.asked).toHaveLength(10);
    },
  );

  it('is not asked for twice when it is too busy', async () => {
    const server = await serve((response) => {
      response.setHeader('Retry-After', '3');
      answerProblem(response, 'overloaded');
    });
    const failed = expectFailure(await connect(server.url)());
    expect(failed).toMatchObject({ code: 'overloaded', retryAfterSeconds: 3 });
    expect(server.asked).toHaveLength(1);
  });
});

describe('a service that is silent', () => {
  it('is asked a second time, on another connection, and the first attempt ends', async () => {
    const left = Promise.withResolvers<void>();
    const server = await serve((response, place) => {
      if (place === 1) response.once('close', () => left.resolve());
      else answerFound(response);
    });
    const search = connect(server.url);
    expectOk(await search());
    expectOk(await search());
    await left.promise;
    expect(server.asked).toHaveLength(3);
    expect(server.connections()).toBe(2);
  });

  it('may still answer first what it was asked first', async () => {
    const server = await serve(async (response, place) => {
      if (place === 0) await sleep(1400);
      else await sleep(3000);
      answerJson(response, createResponse({ model: `answer ${place}` }));
    });
    expect(expectOk(await connect(server.url)()).model).toBe('answer 0');
    expect(server.asked).toHaveLength(2);
  });

  it('is waited for when the second attempt comes to nothing', async () => {
    const server = await serve(async (response, place) => {
      if (place === 1) return response.destroy();
      await sleep(1400);
      return answerFound(response);
    });
    expectOk(await connect(server.url)());
    expect(server.asked).toHaveLength(2);
  });

  it('costs no more than the deadline', async () => {
    const server = await serve(() => {});
    const search = connect(server.url, { timeoutMs: 400 });
    const began = performance.now();
    expect(expectFailure(await search()).code).toBe('timeout');
    expect(performance.now() - began).toBeLessThan(5000);
    // There was no time for a second attempt.
    expect(server.asked).toHaveLength(1);
  });

  it('ends within the deadline when its answer drips', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
    });
    expect(expectFailure(await connect(server.url, { timeoutMs: 300 })()).code).toBe('timeout');
  });

  it('does not get double the load', async () => {
    const server = await serve(async (response) => {
      await sleep(1500);
      answerFound(response);
    });
    const search = connect(server.url);
    const found = await Promise.all(Array.from({ length: 60 }, () => search()));
    for (const one of found) expectOk(one);
    // 60 requests and the 10 second attempts that had been saved up.
    expect(server.asked).toHaveLength(70);
  });

  it('gets no more at once than it is told', async () => {
    const server = await serve(async (response) => {
      await sleep(200);
      answerFound(response);
    });
    const search = connect(server.url, { maxCalls: 3 });
    const found = await Promise.all(Array.from({ length: 5 }, () => search()));
    expect(found.map((one) => (one.ok ? 'ok' : one.error.code))).toEqual([
      'ok',
      'ok',
      'ok',
      'overloaded',
      'overloaded',
    ]);
    expectOk(await search());
  });
});

describe('a service that is gone', () => {
  it('is left alone for a while, and found again by itself', async () => {
    let broken = true;
    const server = await serve((response) =>
      broken ? response.writeHead(500).end(page) : answerFound(response),
    );
    const search = connect(server.url);
    for (let i = 0; i < 5; i += 1) expect((await search()).ok).toBe(false);
    expect(server.asked).toHaveLength(5);
    const failed = expectFailure(await search());
    expect(failed).toMatchObject({ code: 'search_unavailable', retryAfterSeconds: 1 });
    expect(server.asked).toHaveLength(5);
    broken = false;
    while (!(await search()).ok) await sleep(20);
    // The probe that was answered, and nothing in vain before it.
    expect(server.asked).toHaveLength(6);
    for (const one of await Promise.all([search(), search(), search()])) expectOk(one);
  });

  it('is none because callers leave', async () => {
    let silent = true;
    const server = await serve((response) => (silent ? undefined : answerFound(response)));
    const search = connect(server.url);
    for (let i = 0; i < 10; i += 1) {
      const leaving = new AbortController();
      const searching = search(requestContext({ signal: leaving.signal }));
      leaving.abort();
      expect(expectFailure(await searching).code).toBe('cancelled');
    }
    silent = false;
    expectOk(await search());
  });
});
