import { Writable } from 'node:stream';
import { Hono } from 'hono';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import type { Span, Tracer } from '../core/tracing.ts';
import { createTimings } from '../core/timings.ts';
import { logRequests } from './log-requests.ts';
import { withHeaders } from './middleware.ts';
import { noteRequest } from './request-log.ts';
import { respondBug, respondFailure } from './respond.ts';
import { traceRequests } from './trace-requests.ts';

type Line = Readonly<Record<string, unknown>>;

let written = '';
beforeEach(() => {
  written = '';
});

describe('the line of a request', () => {
  it('says what was asked, what came of it and where the time went', async () => {
    const app = createApp();
    const response = await app.request('/search', {
      method: 'POST',
      headers: { 'x-request-id': 'request-17', 'content-length': '31' },
      body: '{}',
    });
    expect(response.status).toBe(200);
    const [line, ...others] = lines();
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      level: 30,
      request_id: 'request-17',
      method: 'POST',
      route: '/search',
      status: 200,
      code: 'ok',
      cache: 'hit',
      key: 'page-1',
      request_bytes: 31,
      response_bytes: 7,
      query_chars: 4,
      stages_ms: { cache: 0.25, encode: 3 },
      total_ms: expect.any(Number) as unknown,
      msg: 'Answered',
    });
  });

  it('has the length of the query in characters, and the query only where a setting says so', async () => {
    await createApp().request('/search', { method: 'POST' });
    expect(written).not.toContain('dög');
    written = '';
    await createApp({ logQueries: true }).request('/search', { method: 'POST' });
    expect(lines()).toMatchObject([{ query: 'dög🐶', query_chars: 4 }]);
  });

  it('names the pattern of a path and not the path', async () => {
    await createApp().request('/images/1234567890');
    await createApp().request('/nothing/here?q=1234567890');
    expect(lines().map(({ route }) => route)).toEqual(['/images/:id', 'unknown']);
    expect(written).not.toContain('1234567890');
  });

  it('never has a key, wherever somebody puts it', async () => {
    const secret = 'ps_verysecret0123456789';
    const headers = { authorization: `Bearer ${secret}`, 'x-api-key': secret, cookie: secret };
    const app = createApp({ logQueries: true, level: 'debug' });
    for (const path of ['/search', '/images/1', '/fails', '/breaks', '/livez', '/nowhere']) {
      const method = path === '/search' ? 'POST' : 'GET';
      await app.request(`${path}?key=${secret}&x-api-key=${secret}`, { method, headers });
      await app.request(`${path}/${secret}`, {
        method,
        headers: { ...headers, traceparent: secret },
      });
    }
    expect(lines()).toHaveLength(12);
    expect(written).not.toContain('verysecret');
  });

  it('is louder where the service failed than where the caller did', async () => {
    const app = createApp();
    for (const path of ['/fails', '/breaks', '/wrong']) await app.request(path);
    expect(lines().map(({ level, status, code }) => [level, status, code])).toEqual([
      [40, 503, 'overloaded'],
      [50, 500, 'internal'],
      [30, 422, 'invalid_field'],
    ]);
  });

  it('tells of probes only those that failed, unless all is asked for', async () => {
    await createApp().request('/livez');
    expect(lines()).toEqual([]);
    await createApp({ unready: true }).request('/readyz');
    expect(lines()).toMatchObject([{ level: 40, route: '/readyz', status: 503 }]);
    written = '';
    await createApp({ level: 'debug' }).request('/livez');
    expect(lines()).toMatchObject([{ level: 20, route: '/livez', status: 200 }]);
  });

  it('says to which trace it belongs', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const span: Span = {
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      child: () => span,
      label: () => {},
      end: () => {},
    };
    await createApp({ tracer: { start: () => span, close: async () => {} } }).request('/wrong');
    expect(lines()).toMatchObject([{ trace_id: traceId }]);
    written = '';
    await createApp().request('/wrong');
    expect(lines()[0]).not.toHaveProperty('trace_id');
  });
});

function createApp(
  options: { logQueries?: boolean; level?: string; tracer?: Tracer; unready?: boolean } = {},
): Hono {
  const { logQueries = false, level = 'info', tracer, unready = false } = options;
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      written += chunk.toString();
      done();
    },
  });
  const now = () => performance.now();
  const app = new Hono();
  app.use(withHeaders(), traceRequests(tracer));
  app.use(logRequests({ logger: pino({ level }, stream), now, logQueries }));
  app.post('/search', (c) => {
    const timings = createTimings(now);
    timings.add('cache', 0.25);
    timings.add('encode', 3);
    c.set('apiKeyId' as never, 'page-1' as never);
    noteRequest(c, { query: 'dög🐶' });
    noteRequest(c, { cache: 'hit', timings, responseText: 'seven!!' });
    return c.text('answer!');
  });
  app.get('/images/:id', (c) => c.text('one'));
  app.get('/livez', (c) => c.text('alive'));
  app.get('/readyz', (c) => c.text('', unready ? 503 : 200));
  app.get('/wrong', (c) => respondFailure(c, failure('invalid_field', 'Cannot')));
  app.get('/fails', (c) => respondFailure(c, failure('overloaded', 'Cannot')));
  app.get('/breaks', () => {
    throw new Error('a bug');
  });
  app.onError((_, c) => respondBug(c));
  app.notFound((c) => respondFailure(c, failure('not_found', 'Cannot')));
  return app;
}

function lines(): Line[] {
  return written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
