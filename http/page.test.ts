import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createPage } from './page.ts';

const newDirectory = useTemporaryDirectories();
const html = '<!doctype html><title>Pictures</title>';
const script = `console.log("${'picture '.repeat(500)}");`;

describe('the page', () => {
  let app: Hono;
  let folder: string;

  beforeAll(async () => {
    folder = join(await newDirectory(), 'page');
    await mkdir(join(folder, 'assets'), { recursive: true });
    await writeFile(join(folder, '..', 'secret.js'), 'secret');
    await writeFile(join(folder, 'index.html'), html);
    await writeFile(join(folder, 'assets/index-BTiNoHLR.js'), script);
    await writeFile(join(folder, 'assets/font-AAAA.woff2'), new Uint8Array([119, 79, 70, 50]));
    await writeFile(join(folder, 'notes.txt'), 'of no type that a page has');
    app = createPage(folder);
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers });

  it('is asked for anew each time, by its tag', async () => {
    const answer = await get('/');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(html);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const tag = answer.headers.get('etag') ?? '';
    const again = await get('/', { 'If-None-Match': `"other", W/${tag}` });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    expect(again.headers.get('etag')).toBe(tag);
    expect((await get('/', { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it('has files with a hash in their name, which are kept for good', async () => {
    const answer = await get('/assets/index-BTiNoHLR.js');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(await answer.text()).toBe(script);
  });

  it.each([
    ['br', 'gzip, deflate, br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['gzip', 'br;q=0, GZIP;q=0.5', gunzipSync],
  ])('is sent as %s to whoever says %j', async (encoding, accepted, decompress) => {
    const answer = await get('/assets/index-BTiNoHLR.js', { 'Accept-Encoding': accepted });
    expect(answer.headers.get('content-encoding')).toBe(encoding);
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.length).toBeLessThan(script.length / 10);
    expect(decompress(bytes).toString()).toBe(script);
    const whole = await get('/assets/index-BTiNoHLR.js');
    expect(whole.headers.get('etag')).not.toBe(answer.headers.get('etag'));
  });

  it.each(['', 'identity', 'br;q=0', 'zstd'])(
    'is sent as it is to whoever says %j',
    async (said) => {
      const answer = await get('/assets/index-BTiNoHLR.js', { 'Accept-Encoding': said });
      expect(answer.headers.get('content-encoding')).toBeNull();
      expect(await answer.text()).toBe(script);
    },
  );

  it('leaves as it is what is compressed already', async () => {
    const answer = await get('/assets/font-AAAA.woff2', { 'Accept-Encoding': 'br, gzip' });
    expect(answer.headers.get('content-type')).toBe('font/woff2');
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect((await answer.arrayBuffer()).byteLength).toBe(4);
  });

  it('answers HEAD without the bytes', async () => {
    const answer = await app.request('/', { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await answer.text()).toBe('');
  });

  it.each([
    '/secret.js',
    '/../secret.js',
    '/assets/..%2f..%2fsecret.js',
    '/assets/%2e%2e/%2e%2e/secret.js',
    '/notes.txt',
    '/index.html',
    '/assets/',
    '/assets/index-BTiNoHLR.js.map',
  ])('has nothing at %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('stays as it was read', async () => {
    await writeFile(join(folder, 'index.html'), 'other');
    expect(await (await get('/')).text()).toBe(html);
  });

  it('names every path that it has', () => {
    expect(app.routes.map(({ path }) => path).toSorted()).toEqual([
      '/',
      '/assets/font-AAAA.woff2',
      '/assets/index-BTiNoHLR.js',
    ]);
  });
});
