import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import type { Span, Tracer } from '../core/tracing.ts';
import { withHeaders } from './middleware.ts';
import { respondBug, respondFailure } from './respond.ts';
import { spanOf, traceRequests } from './trace-requests.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a traced request', () => {
  it('is a span below its caller, named after method and route', async () => {
    const tracer = createRecorder();
    await createApp(tracer).request('/images/17?top_k=3', {
      headers: { traceparent, 'x-request-id': 'request-17' },
    });
    expect(tracer.spans).toEqual([
      {
        name: 'GET /images/:id',
        parent: traceparent,
        labels: {
          'http.request.method': 'GET',
          'http.route': '/images/:id',
          'http.response.status_code': 200,
          request_id: 'request-17',
        },
        ends: [undefined],
      },
    ]);
  });

  it('is at hand for the routes', async () => {
    const tracer = createRecorder();
    const response = await createApp(tracer).request('/images/17');
    expect(await response.text()).toBe('GET /images/:id');
  });

  it('ends with the code of its failure, also of a bug', async () => {
    const tracer = createRecorder();
    const app = createApp(tracer);
    for (const path of ['/fails', '/breaks', '/nowhere']) await app.request(path);
    expect(
      tracer.spans.map(({ name, labels, ends }) => [
        name,
        labels['http.response.status_code'],
        ends,
      ]),
    ).toEqual([
      ['GET /fails', 503, ['overloaded']],
      ['GET /breaks', 500, ['internal']],
      ['GET unknown', 404, ['not_found']],
    ]);
  });

  it('costs nothing where there is no tracer', async () => {
    const response = await createApp(undefined).request('/images/17', { headers: { traceparent } });
    expect(await response.text()).toBe('no span');
  });
});

interface Recorded {
  readonly name: string;
  readonly parent: string | undefined;
  readonly labels: Record<string, string | number | boolean>;
  readonly ends: (string | undefined)[];
}

function createRecorder(): Tracer & { readonly spans: readonly Recorded[] } {
  const spans: Recorded[] = [];
  const start = (name: string, parent?: string): Span => {
    const recorded: Recorded = { name, parent, labels: {}, ends: [] };
    spans.push(recorded);
    return {
      traceparent: name,
      child: (childName) => start(childName, name),
      label: (label, value) => void (recorded.labels[label] = value),
      end: (code) => void recorded.ends.push(code),
    };
  };
  return { spans, start, close: async () => {} };
}

function createApp(tracer: Tracer | undefined): Hono {
  const app = new Hono();
  app.use(withHeaders(), traceRequests(tracer));
  app.get('/images/:id', (c) => c.text(spanOf(c)?.traceparent ?? 'no span'));
  app.get('/fails', (c) => respondFailure(c, failure('overloaded', 'Cannot')));
  app.get('/breaks', () => {
    throw new Error('a bug');
  });
  app.onError((_, c) => respondBug(c));
  app.notFound((c) => respondFailure(c, failure('not_found', 'Cannot')));
  return app;
}
