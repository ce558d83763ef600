import type { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createKey } from '../test/support/api-keys.ts';
import { createGuardedApp } from '../test/support/guarded-app.ts';
import { post } from '../test/support/search-app.ts';
import { CorsOrigins } from './cross-origin.ts';

const origin = 'https://app.example.com';
const preflight = {
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,x-api-key',
  },
};

function createApp(origins: string, keys = true) {
  const app = createGuardedApp({
    origins: CorsOrigins.parse(origins),
    keys: keys ? [createKey()] : undefined,
  });
  app.get('/bug', () => {
    throw new Error('bug');
  });
  return app;
}

describe('a page of another origin', () => {
  it('may ask, and is told what it may send', async () => {
    const response = await createApp(`https://b.example, ${origin}`).request('/search', preflight);
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-allow-headers')).toContain('X-Api-Key');
    expect(response.headers.get('access-control-allow-methods')).toBe('GET,HEAD,POST,DELETE');
    expect(response.headers.get('vary')).toContain('Origin');
  });

  it('can read answers, refusals and the headers of both', async () => {
    for (const [keys, status] of [
      [true, 401],
      [false, 200],
    ] as const) {
      const request = post({ query: 'a' }, { origin });
      const { headers, ...response } = await requestOf(createApp(origin, keys), request);
      expect(response.status).toBe(status);
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-expose-headers')).toContain('Retry-After');
      expect(headers.get('vary')).toContain('Origin');
      expect(headers.has('access-control-allow-credentials')).toBe(false);
    }
  });

  it('can read that it met a bug', async () => {
    const app = createApp('*', false);
    const response = await app.request('/bug', { headers: { origin } });
    expect(response.status).toBe(500);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('is kept apart from other origins by caches', async () => {
    for (const path of ['/search?q=a', '/images/1', '/health']) {
      const response = await createApp(origin, false).request(path, { headers: { origin } });
      expect(response.headers.get('vary')).toContain('Origin');
    }
  });

  it('may do nothing unless it is on the list', async () => {
    for (const origins of ['', 'https://other.example']) {
      const app = createApp(origins, false);
      const response = await app.request('/search', preflight);
      expect(response.headers.has('access-control-allow-origin')).toBe(false);
    }
    const similar = { ...preflight, headers: { ...preflight.headers, origin: `${origin}.evil` } };
    const response = await createApp(origin).request('/search', similar);
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('the list of origins', () => {
  it.each([
    ['', []],
    ['*', ['*']],
    [' https://a.example ,http://localhost:5173,', ['https://a.example', 'http://localhost:5173']],
  ])('may be "%s"', (text, origins) => {
    expect(CorsOrigins.parse(text)).toEqual(origins);
  });

  it.each(['a.example', 'https://a.example/', 'https://*.example/x', 'null', 'ftp://a.example'])(
    'may not be "%s"',
    (text) => {
      expect(CorsOrigins.safeParse(text).success).toBe(false);
    },
  );
});

async function requestOf(app: Hono, request: RequestInit) {
  const { status, headers } = await app.request('/search', request);
  return { status, headers };
}
