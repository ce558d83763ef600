import type { APIGatewayProxyResult, LambdaEvent } from 'hono/aws-lambda';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { abortFailure } from '../../core/failure.ts';
import { err, ok } from '../../core/result.ts';
import type { Search } from '../../core/search.ts';
import type { Uploads } from '../../core/uploads.ts';
import { lambdaContext, lambdaEvents, searchRequest } from '../../test/support/lambda-events.ts';
import { createResponse, createTestApp } from '../../test/support/search-app.ts';
import { createLambdaHandler } from './handler.ts';

const kinds = Object.entries(lambdaEvents);

function createHandler(search?: Search, flush = async () => {}) {
  return createLambdaHandler(createTestApp(search === undefined ? {} : { search }), flush);
}

function headersOf(result: APIGatewayProxyResult): Record<string, string> {
  const { headers, multiValueHeaders } = result;
  const many = Object.entries(multiValueHeaders ?? {}).map(([name, [value]]) => [name, value]);
  return { ...headers, ...Object.fromEntries(many) } as Record<string, string>;
}

const echo: Search = async ({ query, filters }) =>
  ok(createResponse({ query, explanation: JSON.stringify(filters) }));

/** Never answers by itself. */
const hang: Search = (_, { signal }) =>
  new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(err(abortFailure(signal)))),
  );

describe.each(kinds)('an event of %s', (kind, toEvent) => {
  it('is answered in the shape that it asks for', async () => {
    const event = toEvent(searchRequest('a dog', { 'x-request-id': 'request-1' }));
    const result = await createHandler(echo)(event, lambdaContext());
    expect(result.statusCode).toBe(200);
    expect(result.isBase64Encoded).toBe(false);
    expect(JSON.parse(result.body)).toMatchObject({ query: 'a dog' });
    expect(headersOf(result)).toMatchObject({
      'content-type': 'application/json',
      'x-request-id': 'request-1',
      'x-content-type-options': 'nosniff',
    });
    expect('multiValueHeaders' in result).toBe(kind === 'load balancer, many values');
    expect(result.cookies).toBeUndefined();
  });

  it('may have its body in Base64', async () => {
    const event = toEvent({ ...searchRequest('ein Hündchen 🐶'), base64: true });
    const { body } = await createHandler(echo)(event, lambdaContext());
    expect(JSON.parse(body)).toMatchObject({ query: 'ein Hündchen 🐶' });
  });

  it('keeps what is escaped in its query', async () => {
    const query = 'q=caf%C3%A9%20%26%20cr%C3%A8me&filter.category=a%2Bb';
    const event = toEvent({ path: '/search', query });
    const { body } = await createHandler(echo)(event, lambdaContext());
    expect(JSON.parse(body)).toMatchObject({
      query: 'café & crème',
      explanation: '{"category":["a+b"]}',
    });
  });

  it('is told what is wrong with it', async () => {
    const event = toEvent({ ...searchRequest(''), path: '/search' });
    const result = await createHandler(echo)(event, lambdaContext());
    expect(result.statusCode).toBe(422);
    expect(headersOf(result)['content-type']).toBe('application/problem+json');
    expect(JSON.parse(result.body)).toMatchObject({ code: 'invalid_field' });
  });

  it('may be a GET with a body, which nobody reads', async () => {
    const event = toEvent({ path: '/livez', body: 'useless' });
    expect((await createHandler()(event, lambdaContext())).statusCode).toBe(200);
  });

  it('may ask for a form to upload with, or that a picture is removed', async () => {
    const asked: unknown[] = [];
    const uploads: Uploads = {
      create: async (request) => {
        asked.push(request);
        const form = { key: 'k', url: 'https://pictures.example/', fields: { key: 'k' } };
        return ok({ id: '1', method: 'POST', ...form, expires_at: '2026-01-01T00:00:00Z' });
      },
      remove: async (id) => {
        asked.push(id);
        return ok({ id });
      },
    };
    const handler = createLambdaHandler(createTestApp({ uploads }), async () => {});
    const body = { file_name: 'hündchen.jpg', content_type: 'image/jpeg', size: 3 };
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST', path: '/uploads', headers, body: JSON.stringify(body) };
    const form = await handler(toEvent({ ...request, base64: true }), lambdaContext());
    expect(form.statusCode).toBe(201);
    expect(JSON.parse(form.body)).toMatchObject({ id: '1', fields: { key: 'k' } });
    const path = '/images/18446744073709551615';
    const removal = await handler(toEvent({ method: 'DELETE', path }), lambdaContext());
    expect(removal.statusCode).toBe(202);
    expect(asked).toEqual([{ ...body, category: null }, '18446744073709551615']);
    const wrong = await handler(toEvent({ ...request, body: '{}' }), lambdaContext());
    expect(JSON.parse(wrong.body)).toMatchObject({ status: 422, code: 'invalid_field' });
  });

  it('tells who called', async () => {
    const app = new Hono();
    app.get('/', (c) => c.json(c.env));
    const handler = createLambdaHandler(app, async () => {});
    const { body } = await handler(toEvent({ sourceIp: '192.0.2.99' }), lambdaContext());
    expect(body).toContain('192.0.2.99');
  });
});

describe('a header that came more than once', () => {
  it('is one list of values', async () => {
    const app = new Hono();
    app.get('/', (c) => c.text(c.req.header('x-forwarded-for') ?? ''));
    const event = lambdaEvents['load balancer, many values']({});
    const many = { 'X-Forwarded-For': ['192.0.2.1', '192.0.2.2, 192.0.2.3'] };
    const handler = createLambdaHandler(app, async () => {});
    const { body } = await handler(
      { ...event, multiValueHeaders: many } as LambdaEvent,
      lambdaContext(),
    );
    expect(body).toBe('192.0.2.1, 192.0.2.2, 192.0.2.3');
  });
});

describe('an answer', () => {
  it('that is no text is sent in Base64', async () => {
    const app = new Hono();
    app.get('/', (c) => c.body(new Uint8Array([0, 255]), 200, { 'Content-Type': 'image/png' }));
    const handler = createLambdaHandler(app, async () => {});
    const result = await handler(lambdaEvents['function URL']({}), lambdaContext());
    expect(result).toMatchObject({ isBase64Encoded: true, body: 'AP8=' });
  });

  it('of a GET repeats any of many values where the event has them all', async () => {
    const query = 'q=dog&filter.license=cc0&filter.license=mit';
    const event = lambdaEvents['load balancer, many values']({ path: '/search', query });
    const { body } = await createHandler(echo)(event, lambdaContext());
    expect(JSON.parse(body)).toMatchObject({ explanation: '{"license":["cc0","mit"]}' });
  });

  it('comes before Lambda ends the invocation', async () => {
    const context = lambdaContext(700);
    const event = lambdaEvents['function URL'](searchRequest('a dog'));
    const { statusCode, body } = await createHandler(hang)(event, context);
    expect(statusCode).toBe(504);
    expect(JSON.parse(body)).toMatchObject({ code: 'timeout' });
    expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0);
  });

  it('leaves it to the caller to wait for less', async () => {
    const context = lambdaContext(30_000);
    const event = lambdaEvents['function URL'](searchRequest('a dog', { 'x-deadline-ms': '50' }));
    expect((await createHandler(hang)(event, context)).statusCode).toBe(504);
    expect(context.getRemainingTimeInMillis()).toBeGreaterThan(20_000);
  });

  it('comes after what must not wait for the next invocation', async () => {
    const order: string[] = [];
    const search: Search = async ({ query }) => {
      order.push('searched');
      return ok(createResponse({ query }));
    };
    const handler = createHandler(search, async () => {
      await Promise.resolve();
      order.push('flushed');
    });
    const event = lambdaEvents['API Gateway v2'](searchRequest('a dog'));
    expect((await handler(event, lambdaContext())).statusCode).toBe(200);
    expect(order).toEqual(['searched', 'flushed']);
  });
});
