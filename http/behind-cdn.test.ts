import { describe, expect, it } from 'vitest';
import { createKey } from '../test/support/api-keys.ts';
import { createTestApp } from '../test/support/search-app.ts';
import { createApiKeyCheck } from '../core/api-keys.ts';
import { authenticate } from './authenticate.ts';
import { behindCdn, generationHeader, unknownGeneration } from './behind-cdn.ts';

const { key, ...entry } = createKey();
const app = createTestApp({
  guards: [behindCdn(10), authenticate({ check: createApiKeyCheck([entry]) })],
});

async function cacheControlOf(path: string, headers: Record<string, string>) {
  return (await app.request(path, { headers })).headers.get('cache-control');
}

describe('an app behind a CDN', () => {
  it.each(['/search?q=dog', '/facets'])(
    'lets it keep the answer of %s for its time',
    async (path) => {
      const known = { [generationHeader]: 'mb2-1' };
      expect(await cacheControlOf(path, known)).toBe('public, max-age=0, s-maxage=10');
      const withKey = { ...known, 'x-api-key': key };
      expect(await cacheControlOf(path, withKey)).toBe('max-age=0, s-maxage=10');
    },
  );

  it.each([
    ['says nothing of the generation', {}],
    ['does not know it', { [generationHeader]: unknownGeneration }],
  ])('answers as without one where it %s', async (_, headers) => {
    const path = '/search?q=dog';
    expect(await cacheControlOf(path, headers)).toBe('public, max-age=0, s-maxage=1');
    const withKey = { ...headers, 'x-api-key': key };
    expect(await cacheControlOf(path, withKey)).toBe('private, max-age=0');
  });

  it('lets no failure be kept', async () => {
    const known = { [generationHeader]: 'mb2-1', 'x-api-key': key };
    expect(await cacheControlOf('/search?q=', known)).toBe('no-store');
    expect(await cacheControlOf('/images/1', known)).toBe('no-store');
  });
});
