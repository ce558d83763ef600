import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { SearchResponse } from '../core/model.ts';
import { createClient } from '../web/client.ts';
import { createResponse } from './support/search-app.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function clientOf(listener: RequestListener) {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return createClient({ baseUrl: `http://127.0.0.1:${port}` });
}

const found = createResponse({ query: 'a dog', explanation: null });
const llm = {
  explanation: { outcome: 'ok', cached: false, input_tokens: 9, output_tokens: 3, cost_usd: null },
} as const;

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-cache': 'miss' });
}

/** Keeps what the listeners were told, in order. */
function listening() {
  const told: (SearchResponse | string)[] = [];
  const onResults = (response: SearchResponse) => void told.push(response);
  return { told, onResults, onExplanation: (piece: string) => void told.push(piece) };
}

describe('a search whose answer is streamed', () => {
  it('tells of results before the explanation has begun, and gives the whole answer at the end', async () => {
    const goOn = Promise.withResolvers<void>();
    const client = await clientOf(async (request, response) => {
      expect(request.headers.accept).toMatch(/^text\/event-stream/);
      begin(response);
      response.write(event('results', found));
      await goOn.promise;
      response.write(': keep-alive\n\n' + event('explanation', { text: 'Both ' }));
      response.write(event('explanation', { text: 'bark.' }));
      const timing = { search: 1, total: 20 };
      response.end(event('done', { explanation: 'Both bark.', llm, latency_ms: 20, timing }));
    });
    const told: (SearchResponse | string)[] = [];
    const answer = await client.searchStream(
      { query: 'a dog', include_explanation: true },
      {
        onResults(response) {
          told.push(response);
          goOn.resolve();
        },
        onExplanation: (piece) => void told.push(piece),
      },
    );
    expect(told).toEqual([found, 'Both ', 'bark.']);
    expect(answer).toMatchObject({
      ok: true,
      status: 200,
      cache: 'miss',
      timing: { search: 1, total: 20 },
      value: { ...found, explanation: 'Both bark.', llm, latency_ms: 20 },
    });
  });

  it('comes whole from a server that does not stream', async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ...found, explanation: 'They bark.' }));
    });
    const { told, ...listeners } = listening();
    const answer = await client.searchStream({ query: 'a dog' }, listeners);
    expect(told).toEqual([found, 'They bark.']);
    expect(answer).toMatchObject({ ok: true, value: { explanation: 'They bark.' } });
  });

  it('fails as any search does where the server refuses it', async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '3' });
      response.end(JSON.stringify({ code: 'rate_limited', title: 'T', status: 429 }));
    });
    const { told, ...listeners } = listening();
    const answer = await client.searchStream({ query: 'a dog' }, listeners);
    expect(answer).toMatchObject({
      ok: false,
      status: 429,
      retryAfterSeconds: 3,
      problem: { code: 'rate_limited' },
    });
    expect(told).toEqual([]);
  });

  it('keeps its results where it fails after them', async () => {
    const client = await clientOf((_, response) => {
      begin(response);
      response.write(event('results', found));
      response.end(event('error', { code: 'timeout', title: 'T', status: 504, detail: 'D' }));
    });
    const answer = await client.searchStream({ query: 'a dog' });
    expect(answer).toMatchObject({
      ok: false,
      partial: found,
      problem: { code: 'timeout', status: 504, detail: 'D' },
    });
  });

  it.each(['ends', 'breaks'])('keeps its results where the stream %s too early', async (how) => {
    const client = await clientOf((_, response) => {
      begin(response);
      response.write(event('results', found) + 'event: done\nda');
      if (how === 'ends') response.end();
      else setTimeout(() => response.destroy(), 20);
    });
    const answer = await client.searchStream({ query: 'a dog' });
    expect(answer).toMatchObject({ ok: false, partial: found, problem: { code: 'unreachable' } });
  });

  it.each(['data: <html>', 'event: results\ndata: {"none": 1}'])(
    'is no answer where somebody else streams: %s',
    async (text) => {
      const client = await clientOf((_, response) => {
        begin(response);
        response.end(`${text}\n\n`);
      });
      const answer = await client.searchStream({ query: 'a dog' });
      expect(answer).toMatchObject({ ok: false, problem: { code: 'unexpected' } });
    },
  );

  it('ends when its caller leaves, and the server hears of it', async () => {
    const left = Promise.withResolvers<void>();
    const client = await clientOf((_, response) => {
      begin(response);
      response.write(event('results', found));
      response.once('close', () => left.resolve());
    });
    const leaving = new AbortController();
    const answer = await client.searchStream(
      { query: 'a dog' },
      { signal: leaving.signal, onResults: () => leaving.abort() },
    );
    expect(answer).toMatchObject({ ok: false, partial: found, problem: { code: 'cancelled' } });
    await left.promise;
  });

  it('hands on what a listener throws', async () => {
    const client = await clientOf((_, response) => {
      begin(response);
      response.write(event('results', found));
    });
    const asked = client.searchStream(
      { query: 'a dog' },
      {
        onResults() {
          throw new Error('A bug of the page');
        },
      },
    );
    await expect(asked).rejects.toThrow('A bug of the page');
  });
});

describe('new fields of a query', () => {
  it('go into a query string as often as they have values, and texts are posted', async () => {
    const asked: string[] = [];
    const client = await clientOf((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found));
    });
    const query = { query: 'a', exclude: ['b', 'c d'], like: ['1'], diversity: 0.5 };
    await client.search({ ...query, score_threshold: 'auto', rerank: true }, { cacheable: true });
    await client.search({ texts: [{ text: 'a' }] }, { cacheable: true });
    await client.search({ like: ['1'] }, { cacheable: true });
    expect(asked).toEqual([
      'GET /search?q=a&exclude=b&exclude=c+d&like=1&diversity=0.5&score_threshold=auto&rerank=true',
      'POST /search',
      'GET /search?like=1',
    ]);
  });
});
