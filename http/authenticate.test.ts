import { describe, expect, it } from 'vitest';
import { createApiKey, type Scope } from '../core/api-keys.ts';
import { createKey } from '../test/support/api-keys.ts';
import { createGuardedApp } from '../test/support/guarded-app.ts';
import { problemOf } from '../test/support/problem.ts';
import { createTestApp, post } from '../test/support/search-app.ts';
import { createPictures } from './pictures.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { isEverything, routeAccess } from './route-access.ts';

const web = createKey({ id: 'web' });
const ops = createKey({ id: 'ops', scopes: ['admin'] });

/** The search app behind keys, with a page and a route that everybody forgot. */
function createGuarded(anonymous: readonly Scope[] = []) {
  const app = createGuardedApp({ keys: [web, ops], open: ['/', '/page.js'], anonymous });
  app.get('/', (c) => c.text('page'));
  app.get('/page.js', (c) => c.text('page'));
  app.get('/forgotten', (c) => c.text(String(c.get('apiKeyId' as never))));
  app.get('/forgotten/*', (c) => c.text('files'));
  return app;
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('an API key', () => {
  it.each([
    ['a bearer token', bearer(web.key)],
    ['a bearer token in small letters', { authorization: `bearer  ${web.key}` }],
    ['a header of its own', { 'x-api-key': web.key }],
    ['both, when they agree', { ...bearer(web.key), 'x-api-key': web.key }],
  ])('may come as %s', async (_, headers) => {
    const response = await createGuarded().request('/search', post({ query: 'a' }, headers));
    expect(response.status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['is missing', {}],
    ["is nobody's", bearer(createApiKey())],
    ['is empty', { 'x-api-key': '' }],
    ['comes in another scheme', { authorization: `Basic ${web.key}` }],
    ['comes without a scheme', { authorization: web.key }],
    ['comes twice and differs', { ...bearer(web.key), 'x-api-key': ops.key }],
    ['comes with a list', { 'x-api-key': `${web.key}, ${ops.key}` }],
    ['is absurdly long', bearer(web.key.repeat(100))],
    ['has a beginning of a good one', bearer(`${web.key}a`)],
    ['is the configured hash', bearer(web.hash)],
  ])('that %s is refused', async (_, headers) => {
    const response = await createGuarded().request('/search', post({ query: 'a' }, headers));
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(problem.detail).not.toContain('ps_');
  });

  it('is good for its scopes and no others', async () => {
    const app = createGuarded();
    expect((await app.request('/stats', { headers: bearer(ops.key) })).status).toBe(200);
    const forbidden = await app.request('/stats', { headers: bearer(web.key) });
    const problem = await problemOf(forbidden);
    expect(problem).toMatchObject({ status: 403, code: 'forbidden' });
    expect(problem.detail).toContain('admin');
    expect((await app.request('/search?q=a', { headers: bearer(ops.key) })).status).toBe(403);
  });

  it('keeps what was answered out of shared caches', async () => {
    const { headers } = await createGuarded().request('/images/1', { headers: bearer(web.key) });
    expect(headers.get('vary')).toContain('Authorization, X-Api-Key');
    const docs = await createGuarded().request('/docs', { headers: bearer(web.key) });
    expect(docs.headers.get('cache-control')).toContain('private');
    const found = await createGuarded().request('/search?q=a', { headers: bearer(web.key) });
    expect(found.headers.get('cache-control')).toContain('private');
    expect(found.headers.get('vary')).toContain('Authorization');
    const stats = await createGuarded().request('/stats', { headers: bearer(ops.key) });
    expect(stats.headers.get('cache-control')).toBe('no-store');
  });
});

describe('without a key', () => {
  it.each([
    ['/search?q=a', 401],
    ['/%73earch?q=a', 401],
    ['/images/1', 401],
    ['/images/x/similar', 401],
    ['/stats', 401],
    ['/metrics', 401],
    ['/forgotten', 401],
    ['/forgotten/file', 401],
    ['/health', 200],
    ['/livez', 200],
    ['/readyz', 200],
    ['/docs', 200],
    ['/openapi.json', 200],
    ['/', 200],
    ['/page.js', 200],
    ['/nowhere', 404],
    ['//search?q=a', 404],
    ['/search/?q=a', 404],
    ['/SEARCH?q=a', 404],
  ])('%s is answered %i', async (path, status) => {
    expect((await createGuarded().request(path)).status).toBe(status);
    expect((await createGuarded().request(path, { method: 'HEAD' })).status).toBe(status);
  });

  it('a page may ask what it may send', async () => {
    const response = await createGuarded().request('/search', { method: 'OPTIONS' });
    expect((await problemOf(response)).code).toBe('method_not_allowed');
  });

  it('the search is open where it is said to be, to everybody but a wrong key', async () => {
    const app = createGuarded(['search']);
    expect((await app.request('/search?q=a')).status).toBe(200);
    const wrong = { headers: bearer(createApiKey()) };
    expect((await app.request('/search?q=a', wrong)).status).toBe(401);
    expect((await app.request('/stats')).status).toBe(401);
  });

  it('a route that nobody thought of asks for the most', async () => {
    const app = createGuarded();
    expect((await app.request('/forgotten', { headers: bearer(web.key) })).status).toBe(403);
    const asOps = await app.request('/forgotten', { headers: bearer(ops.key) });
    expect(await asOps.text()).toBe('ops');
  });
});

it('every route of the app has its entry among those who may do what', () => {
  const pictures = createPictures({
    store: createMemoryStore({ dimensions: 2 }),
    objectsOf: createDirectoryObjects,
  });
  const routes = [...createTestApp().routes, ...pictures.routes].map(({ path }) => path);
  const patterns = routes.filter((path) => !isEverything(path));
  expect(patterns.length).toBeGreaterThan(10);
  expect(patterns.filter((path) => routeAccess[path] === undefined)).toEqual([]);
});
