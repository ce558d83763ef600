import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { failure } from '../core/failure.ts';
import { imageId } from '../core/image-id.ts';
import type { VectorStore } from '../core/ports.ts';
import { err } from '../core/result.ts';
import { Upload } from '../core/upload-request.ts';
import { createKey } from '../test/support/api-keys.ts';
import { createCountingLimiter } from '../test/support/counting-limiter.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createGuardedApp, type Guards } from '../test/support/guarded-app.ts';
import { problemOf } from '../test/support/problem.ts';
import { post } from '../test/support/search-app.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createFolderUploads, pointOf } from '../test/support/uploads.ts';

const newDirectory = useTemporaryDirectories();
const web = createKey({ id: 'web' });
const writer = createKey({ id: 'writer', scopes: ['write'] });
const ops = createKey({ id: 'ops', scopes: ['admin'] });

const dog = { file_name: 'dog.jpg', content_type: 'image/jpeg', size: 3 };

async function createApp(
  guards: Guards = {},
  store: VectorStore = createMemoryStore({ dimensions: 2 }),
) {
  const folder = createFolderUploads(await newDirectory(), store);
  return { ...folder, app: createGuardedApp({ ...guards, ...folder, store }) };
}

function withKey({ key }: { readonly key: string }) {
  return { 'x-api-key': key };
}

describe('POST /uploads', () => {
  it('gives a form for one file', async () => {
    const { app } = await createApp();
    const response = await app.request('/uploads', post({ ...dog, category: 'animals' }));
    expect(response.status).toBe(201);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const upload = Upload.strict().parse(await response.json());
    expect(upload.key).toMatch(/^animals\/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}-dog\.jpg$/);
    expect(upload.id).toBe(imageId(upload.key));
    expect(upload.fields).toMatchObject({ key: upload.key, 'Content-Type': 'image/jpeg' });
    const minutes = (Date.parse(upload.expires_at) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(10);
    expect(minutes).toBeLessThanOrEqual(15);
  });

  it('gives no two files the same key', async () => {
    const { app } = await createApp();
    const ask = async () => Upload.parse(await (await app.request('/uploads', post(dog))).json());
    const keys = await Promise.all(Array.from({ length: 50 }, async () => (await ask()).key));
    expect(new Set(keys).size).toBe(50);
  });

  it('names every field that is wrong', async () => {
    const { app } = await createApp();
    const body = {
      file_name: '',
      content_type: 'image/svg+xml',
      size: 0,
      category: '',
      folder: 'x',
    };
    const problem = await problemOf(await app.request('/uploads', post(body)));
    expect(problem).toMatchObject({ status: 422, code: 'invalid_field' });
    expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual([
      'category',
      'content_type',
      'file_name',
      'folder',
      'size',
    ]);
  });

  it.each<[string, unknown]>([
    ['file_name', undefined],
    ['file_name', 7],
    ['file_name', 'a'.repeat(256)],
    ['file_name', '../dog.jpg'],
    ['file_name', 'a\\b.jpg'],
    ['file_name', 'a\0.jpg'],
    ['file_name', 'a\n.jpg'],
    ['file_name', 'a\u0085.jpg'],
    ['file_name', '\u202egpj.exe'],
    ['file_name', 'a\u2066b.jpg'],
    ['file_name', '\ud800.jpg'],
    ['content_type', undefined],
    ['content_type', 'text/html'],
    ['content_type', 'image/jpeg; charset=x'],
    ['content_type', 'IMAGE/JPEG'],
    ['size', undefined],
    ['size', '3'],
    ['size', -1],
    ['size', 1.5],
    ['size', 50_000_001],
    ['category', 7],
    ['category', 'a'.repeat(65)],
    ['category', 'a/b'],
    ['category', '..'],
    ['category', '.picture-search'],
    ['category', 'a\\b'],
    ['category', ' a'],
    ['category', 'a '],
    ['category', 'a\r\nb'],
    ['category', '\u202ea'],
    ['category', 'a${filename}'],
  ])('refuses a %s of %j', async (path, value) => {
    const { app } = await createApp();
    const problem = await problemOf(await app.request('/uploads', post({ ...dog, [path]: value })));
    expect(problem).toMatchObject({ status: 422, code: 'invalid_field', errors: [{ path }] });
    expect(problem.detail).not.toContain('undefined');
  });

  it.each<[string, string]>([
    ['..%2f..%2fetc.jpg', '2f..-2fetc.jpg'],
    ['%2e%2e.jpg', '2e-2e.jpg'],
    ['ﬁle／name.jpg', 'ﬁle-name.jpg'],
  ])('makes a harmless key of %s', async (file_name, name) => {
    const { app } = await createApp();
    const response = await app.request(
      '/uploads',
      post({ ...dog, file_name, category: '%2e%2e%2fetc' }),
    );
    const { key } = Upload.parse(await response.json());
    // The category is as it was written: nothing is decoded.
    expect(key.startsWith('%2e%2e%2fetc/')).toBe(true);
    expect(key.slice(-name.length - 1)).toBe(`-${name}`);
    expect(key.split('/')).toHaveLength(2);
  });

  it('has a key that fits, whatever is asked for', async () => {
    const { app } = await createApp();
    const body = { ...dog, file_name: '犬'.repeat(255), category: '犬'.repeat(64) };
    const { key } = Upload.parse(await (await app.request('/uploads', post(body))).json());
    expect(Buffer.byteLength(key)).toBeLessThan(1024);
    for (const part of key.split('/')) expect(Buffer.byteLength(part)).toBeLessThan(240);
  });

  it.each([
    ['{"file_name":', 400, 'not_json', 'application/json'],
    [JSON.stringify(dog), 415, 'unsupported_media_type', 'text/plain'],
    [' '.repeat(65 * 1024), 413, 'body_too_large', 'application/json'],
    ['[]', 422, 'invalid_field', 'application/json'],
    ['null', 422, 'invalid_field', 'application/json'],
  ])('refuses the body %.20s with %i', async (body, status, code, type) => {
    const { app } = await createApp();
    const request = post(body, { 'content-type': type });
    const problem = await problemOf(await app.request('/uploads', request));
    expect(problem).toMatchObject({ status, code });
  });

  it('fails as the bucket does, and says when to try again', async () => {
    const { uploads } = await createApp();
    const gone = failure('objects_unavailable', 'Cannot sign', { cause: new Error('secret') });
    const app = createGuardedApp({ uploads: { ...uploads, create: async () => err(gone) } });
    const response = await app.request('/uploads', post(dog));
    expect(response.headers.get('retry-after')).toBe('1');
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 503, code: 'objects_unavailable' });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });
});

describe('GET /uploads', () => {
  it('says whether pictures can be uploaded, and which, to whoever asks', async () => {
    const { app } = await createApp({ keys: [web] });
    const info = await (await app.request('/uploads')).json();
    expect(info).toMatchObject({ enabled: true, max_bytes: 50_000_000 });
    expect((info as { content_types: unknown[] }).content_types).toHaveLength(7);
    const off = createGuardedApp({ keys: [web] });
    expect(await (await off.request('/uploads')).json()).toMatchObject({ enabled: false });
    expect((await app.request('/uploads', { method: 'HEAD' })).status).toBe(200);
  });
});

describe('DELETE /images/{id}', () => {
  it('removes the file, once and for all', async () => {
    const store = createMemoryStore({ dimensions: 2 });
    const { app, objects } = await createApp({}, store);
    expectOk(await objects.put('a/dog.jpg', Buffer.from('dog')));
    expectOk(await store.upsert([pointOf(objects.root, 'a/dog.jpg', '7')]));
    for (const _ of [1, 2]) {
      const response = await app.request('/images/7', { method: 'DELETE' });
      expect(response.status).toBe(202);
      expect(await response.json()).toEqual({ id: '7' });
      expect(expectOk(await objects.head('a/dog.jpg'))).toBeUndefined();
    }
  });

  it.each([
    ['8', 404, 'not_found'],
    ['x', 422, 'invalid_field'],
    ['18446744073709551616', 422, 'invalid_field'],
    ['..%2f7', 422, 'invalid_field'],
    ['9', 409, 'image_elsewhere'],
  ])('answers for the picture %s with %i', async (id, status, code) => {
    const store = createMemoryStore({ dimensions: 2 });
    expectOk(await store.upsert([pointOf('/home/me/pictures', 'dog.jpg', '9')]));
    const { app } = await createApp({}, store);
    const problem = await problemOf(await app.request(`/images/${id}`, { method: 'DELETE' }));
    expect(problem).toMatchObject({ status, code });
    expect(problem.detail).not.toContain('/home/me');
  });
});

describe('who may upload and remove', () => {
  const upload = ['/uploads', 'POST'] as const;
  const remove = ['/images/8', 'DELETE'] as const;

  it.each([
    [...upload, 'write', undefined, 401],
    [...upload, 'write', web, 403],
    [...upload, 'write', ops, 403],
    [...upload, 'write', writer, 422],
    [...remove, 'admin', undefined, 401],
    [...remove, 'admin', web, 403],
    [...remove, 'admin', writer, 403],
    [...remove, 'admin', ops, 404],
    ['/images/8', 'GET', 'search', web, 404],
    ['/images/8', 'HEAD', 'search', web, 404],
    ['/images/8', 'GET', 'search', ops, 403],
    ['/images/8', 'PUT', 'admin', web, 403],
  ] as const)('is asked of %s %s: %s', async (path, method, scope, caller, status) => {
    const { app } = await createApp({ keys: [web, writer, ops], anonymous: ['search'] });
    const headers = caller === undefined ? {} : withKey(caller);
    const response = await app.request(path, {
      ...(method === 'POST' ? post({}) : {}),
      method,
      headers: { 'content-type': 'application/json', ...headers },
    });
    expect(response.status).toBe(status);
    if (status === 403) expect((await problemOf(response)).detail).toContain(scope);
  });

  it('costs a token each, and to see whether one can costs none', async () => {
    const limiter = createCountingLimiter();
    const { app } = await createApp({ limiter, rate: { perSecond: 1, burst: 2 } });
    expect((await app.request('/uploads')).headers.has('ratelimit-limit')).toBe(false);
    for (const [path, request] of [
      ['/uploads', post(dog)],
      ['/images/8', { method: 'DELETE' }],
    ] as const) {
      const response = await app.request(path, request);
      expect(response.headers.get('ratelimit-limit')).toBe('2');
    }
  });

  it.each([
    ['PUT', '/uploads', 'GET, HEAD, POST'],
    ['DELETE', '/uploads', 'GET, HEAD, POST'],
    ['POST', '/images/8', 'GET, HEAD, DELETE'],
    ['PATCH', '/images/8', 'GET, HEAD, DELETE'],
    ['DELETE', '/images/8/similar', 'GET, HEAD'],
    ['GET', '/uploads/form', 'POST'],
  ])('%s %s is told the right methods', async (method, path, allow) => {
    const { app } = await createApp();
    const response = await app.request(path, { method });
    expect(response.headers.get('allow')).toBe(allow);
    expect((await problemOf(response)).code).toBe('method_not_allowed');
  });
});

describe('a server that was not told where pictures are kept', () => {
  it.each([
    ['/uploads', post(dog)],
    ['/images/8', { method: 'DELETE' }],
  ] as const)('says so at %s', async (path, request) => {
    const problem = await problemOf(await createGuardedApp().request(path, request));
    expect(problem).toMatchObject({ status: 501, code: 'uploads_off' });
    expect(problem.detail).toContain('PICTURES_BUCKET');
  });

  it('has nobody to post a form to', async () => {
    const request = { method: 'POST', body: new FormData() };
    const problem = await problemOf(await createGuardedApp().request('/uploads/form', request));
    expect(problem.code).toBe('not_found');
  });
});
