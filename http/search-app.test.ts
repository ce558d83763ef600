import { describe, expect, it } from 'vitest';
import { createTestApp, healthy, post } from '../test/support/search-app.ts';

describe('every answer', () => {
  it('carries the request id it was given, or one of its own', async () => {
    const app = createTestApp();
    const given = await app.request('/livez', { headers: { 'x-request-id': 'trace-12345' } });
    expect(given.headers.get('x-request-id')).toBe('trace-12345');
    const forged = await app.request('/livez', { headers: { 'x-request-id': 'a<script>b' } });
    expect(forged.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  it('forbids a browser to guess types and to load from elsewhere', async () => {
    const response = await createTestApp().request('/nowhere');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  });
});

describe('the routes of operations', () => {
  it('say whether it can search', async () => {
    const broken = { ...healthy, status: 'unhealthy' as const, clip_loaded: false };
    for (const [health, status] of [
      [healthy, 200],
      [broken, 503],
    ] as const) {
      const app = createTestApp({ health: async () => health });
      expect((await app.request('/health')).status).toBe(status);
      expect((await app.request('/readyz')).status).toBe(status);
      expect((await app.request('/livez')).status).toBe(200);
    }
  });

  it('count what was answered', async () => {
    const app = createTestApp();
    await app.request('/search', post({ query: 'a' }));
    await app.request('/search', post({ query: '' }));
    await app.request('/images/123');
    const text = await (await app.request('/metrics')).text();
    expect(text).toContain('http_requests_total{route="/search",status="200",code="ok"} 1');
    expect(text).toContain(
      'http_requests_total{route="/search",status="422",code="invalid_field"} 1',
    );
    expect(text).toContain(
      'http_requests_total{route="/images/:id",status="404",code="not_found"} 1',
    );
    expect(await (await app.request('/stats')).json()).toMatchObject({
      metrics: { total_latency_ms: { count: 1 } },
      collection: { vectors_count: 0, status: 'green' },
    });
  });

  it('describe the API to programs and people', async () => {
    const app = createTestApp();
    const document: unknown = await (await app.request('/openapi.json')).json();
    expect(document).toMatchObject({
      openapi: '3.1.0',
      components: {
        schemas: {
          SearchQuery: {
            anyOf: [{ required: ['query'] }, { required: ['texts'] }, { required: ['like'] }],
            additionalProperties: false,
          },
        },
      },
    });
    const docs = await app.request('/docs');
    expect(await docs.text()).toContain('POST /search');
    expect((await app.request('/docs.css')).headers.get('content-type')).toContain('text/css');
  });
});
