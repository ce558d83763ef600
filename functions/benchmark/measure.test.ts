import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fromQueryString } from '../../http/query-string.ts';
import { type AskedRequest, answerJson, useHttpServers } from '../../test/support/http-servers.ts';
import { createResponse } from '../../test/support/search-app.ts';
import { createAsk } from './ask.ts';
import { measurePhase, type MeasureParts, type Phase } from './measure.ts';
import { benchmarkQueries } from './queries.ts';
import { judge, summarizeNumbers, summarizePhase } from './summarize.ts';

const serve = useHttpServers();
const now = () => performance.now();

type Changes = Partial<Phase & Pick<MeasureParts, 'signal'>> & { readonly timeoutMs?: number };

function measure(url: string, { signal, timeoutMs = 20_000, ...changes }: Changes = {}) {
  const { ask } = createAsk({ url, apiKey: 'ps_key', timeoutMs, now });
  const usual = { cache: 'cold', method: 'POST', topK: 7, concurrency: 1, start: 1000 } as const;
  return measurePhase({ ...usual, count: 30, ...changes }, { ask, now, signal });
}

function answer(response: ServerResponse, headers: Readonly<Record<string, string>> = {}): void {
  const all = { 'content-type': 'application/json', ...headers };
  response.writeHead(200, all).end(JSON.stringify(createResponse()));
}

function refuse(response: ServerResponse, status: number, code: string): void {
  answerJson(response, { code, detail: 'Cannot answer' }, status);
}

function queriesOf(asked: readonly AskedRequest[]): string[] {
  return asked.map(({ body }) => (JSON.parse(body) as { readonly query: string }).query);
}

describe('the measuring of a server with known delays', () => {
  it('reports them', async () => {
    const held: number[] = [];
    const server = await serve(async (response, place) => {
      const start = now();
      // The first five are not measured. Of the others one in ten is slow.
      await pause(place % 10 === 9 ? 400 : 40);
      answer(response);
      if (place >= 5) held.push(now() - start);
    });
    const measured = await measure(server.url, { count: 40 });
    const { stages, answers } = summarizePhase(measured);
    const { client } = stages;
    const known = summarizeNumbers(held);
    expect(answers).toBe(40);
    expect(held).toHaveLength(40);
    // What the server held them for is in it; the way there and back is short beside that.
    for (const number of ['p50', 'p90', 'p95', 'p99', 'min', 'max', 'mean'] as const) {
      expect(client?.[number]).toBeGreaterThan(known[number]);
      expect(client?.[number]).toBeLessThan(2 * known[number]);
    }
    expect(client?.p95).toBeGreaterThan(390);
    expect(client?.stdev).toBeGreaterThan(known.stdev / 2);
    expect(client?.stdev).toBeLessThan(2 * known.stdev);
    // Nothing but the requests took this time.
    const sum = held.reduce((total, ms) => total + ms, 0) / 1000;
    expect(measured.seconds).toBeGreaterThan(sum);
    expect(measured.seconds).toBeLessThan(1.5 * sum);
    // Four of forty were slow: nine of ten were in time, and that is not enough.
    expect(judge(measured, 390)).toMatchObject({ missed: true, in_time: expect.closeTo(0.9, 1) });
    expect(judge(measured, 60_000)).toMatchObject({ missed: false, in_time: 1 });
  });

  it('never takes a failure, which is quicker, for a latency', async () => {
    const server = await serve(async (response, place) => {
      if (place % 3 === 0) return refuse(response, 503, 'overloaded');
      await pause(30);
      return answer(response);
    });
    const measured = await measure(server.url, { count: 66 });
    const { stages, failures } = summarizePhase(measured);
    expect(failures).toEqual({ overloaded: 22 });
    expect(measured.samples).toHaveLength(44);
    expect(stages['client']?.min).toBeGreaterThan(28);
    expect(judge(measured, 60_000)).toMatchObject({ missed: true, in_time: 2 / 3 });
  });

  it('asks several at once where it is told to', async () => {
    let [inside, most] = [0, 0];
    const server = await serve(async (response) => {
      most = Math.max(most, (inside += 1));
      await pause(20);
      inside -= 1;
      answer(response);
    });
    const measured = await measure(server.url, { count: 40, concurrency: 8 });
    expect(measured.samples).toHaveLength(40);
    expect(most).toBe(8);
  });
});

describe('what is asked', () => {
  it('is new every time in the cold phase, and one of the fifteen with four letters', async () => {
    const server = await serve((response) => answer(response));
    await measure(server.url, { count: 45 });
    const queries = queriesOf(server.asked);
    expect(new Set(queries).size).toBe(50);
    expect(new Set(queries.map((query) => query.slice(0, -5)))).toEqual(new Set(benchmarkQueries));
    expect(queries.every((query) => /^[a-z ]+ [a-z]{4}$/.test(query))).toBe(true);
    expect(server.asked[0]).toMatchObject({ method: 'POST', url: '/search' });
    expect(server.asked[0]?.headers.authorization).toBe('Bearer ps_key');
    expect(JSON.parse(server.asked[0]?.body ?? '')).toMatchObject({ top_k: 7 });
    expect(server.connections()).toBe(1);
  });

  it('is other words in a run that begins elsewhere', async () => {
    const server = await serve((response) => answer(response));
    await measure(server.url, { count: 30, start: 0 });
    await measure(server.url, { count: 30, start: 35 });
    expect(new Set(queriesOf(server.asked)).size).toBe(70);
  });

  it('is the fifteen as they are in the warm phase, each of them twice before', async () => {
    const server = await serve((response) => answer(response));
    await measure(server.url, { cache: 'warm', count: 30 });
    const queries = queriesOf(server.asked);
    expect(queries).toEqual([1, 2, 3, 4].flatMap(() => benchmarkQueries));
  });

  it('is what a CDN may keep where it is asked with GET', async () => {
    const server = await serve((response) => answer(response));
    await measure(`${server.url}/api`, { cache: 'warm', method: 'GET', count: 15 });
    const urls = server.asked.map(({ url }) => new URL(url ?? '', server.url));
    expect(new Set(urls.map(({ pathname }) => pathname))).toEqual(new Set(['/api/search']));
    expect(urls.map(({ searchParams }) => fromQueryString(searchParams))).toEqual(
      [1, 2, 3].flatMap(() => benchmarkQueries.map((query) => ({ query, top_k: 7 }))),
    );
  });
});

describe('what an answer says of caches and of time', () => {
  it('is counted, with the stages of the server', async () => {
    const timing = 'cache;dur=0.5, service;dur=4, encode;dur=2, search;dur=1, total;dur=5.5';
    const server = await serve((response) =>
      answer(response, { 'x-cache': 'miss', 'server-timing': timing }),
    );
    const { stages, x_cache, cdn } = summarizePhase(await measure(server.url));
    expect({ x_cache, cdn }).toEqual({ x_cache: { miss: 30 }, cdn: {} });
    expect(Object.keys(stages).slice(-5)).toEqual([
      'encode',
      'search',
      'overhead',
      'total',
      'client',
    ]);
    expect(stages).toMatchObject({
      total: { p95: 5.5 },
      edge: { p50: 1.5 },
      overhead: { p50: 2.5 },
    });
  });

  it('is of CloudFront too, whose answers have the times of another request', async () => {
    const said = ['Hit from cloudfront', 'Miss from cloudfront', 'hit, Miss from cloudfront'];
    const server = await serve((response, place) =>
      answer(response, { 'x-cache': said[place % 3] ?? '', 'server-timing': 'total;dur=9' }),
    );
    const summary = summarizePhase(await measure(server.url, { count: 30 }));
    expect(summary.cdn).toEqual({ hit: 10, miss: 20 });
    expect(summary.x_cache).toEqual({ hit: 10, miss: 10 });
    expect(summary.stages['total']).toMatchObject({ min: 9, stdev: 0 });
    expect(summary.answers).toBe(30);
  });
});

describe('an end before the end', () => {
  it('leaves what was measured until the time was over, without what was cut off', async () => {
    const stop = new AbortController();
    const server = await serve(async (response, place) => {
      if (place < 12) return answer(response);
      stop.abort();
      return pause(30_000, undefined, { ref: false });
    });
    const measured = await measure(server.url, { count: 1000, signal: stop.signal });
    expect(measured.samples).toHaveLength(7);
    expect(measured.failures.size).toBe(0);
    expect(measured.stopped).toMatchObject({ code: 'time_over' });
    expect(server.asked).toHaveLength(13);
  });

  it('comes before anything is measured where there was no time at all', async () => {
    const server = await serve((response) => answer(response));
    const measured = await measure(server.url, { signal: AbortSignal.abort() });
    expect(server.asked).toEqual([]);
    expect(measured).toMatchObject({ samples: [], stopped: { code: 'time_over' } });
    expect(judge(measured, 50)).toEqual({ p95_ms: 50, in_time: 0, missed: true });
  });

  it.each([
    ['unauthenticated', (response: ServerResponse) => refuse(response, 401, 'unauthenticated')],
    ['http_403', (response: ServerResponse) => response.writeHead(403).end('<h1>No</h1>')],
    ['http_301', (response: ServerResponse) => response.writeHead(301).end()],
    ['unexpected', (response: ServerResponse) => response.writeHead(200).end('hello')],
    ['unexpected', (response: ServerResponse) => answerJson(response, { results: [{}] })],
    ['unreachable', (response: ServerResponse) => response.destroy()],
  ])('comes at once where the first answer is %s', async (code, script) => {
    const server = await serve(script);
    const measured = await measure(server.url, { count: 1000 });
    expect(server.asked).toHaveLength(1);
    expect(measured.stopped).toMatchObject({ code });
    expect([...measured.failures]).toEqual([[code, 1]]);
  });

  it('comes when twenty in a row have failed', async () => {
    const server = await serve((response, place) =>
      place < 15 ? answer(response) : refuse(response, 500, 'internal'),
    );
    const measured = await measure(server.url, { count: 1000 });
    expect(measured.samples).toHaveLength(10);
    expect([...measured.failures]).toEqual([['internal', 20]]);
    expect(measured.stopped).toMatchObject({ code: 'internal' });
  });

  it('does not wait longer for an answer than it may take', async () => {
    const server = await serve(async (response, place) => {
      if (place === 7) return pause(30_000, undefined, { ref: false });
      return answer(response);
    });
    const measured = await measure(server.url, { count: 30, timeoutMs: 3000 });
    expect([...measured.failures]).toEqual([['timeout', 1]]);
    expect(measured.samples).toHaveLength(29);
  });

  it('takes no word of a stranger for a code', async () => {
    const server = await serve((response, place) =>
      place < 5 ? answer(response) : refuse(response, 502, 'Bad gateway no. 17'),
    );
    const measured = await measure(server.url, { count: 1000 });
    expect([...measured.failures]).toEqual([['http_502', 20]]);
  });
});
