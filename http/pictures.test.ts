import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { imageId } from '../core/image-id.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import { createRecord } from '../test/support/points.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createPictures, pictureUrls, pictureUrlsBelow } from './pictures.ts';

const temporaryDirectory = useTemporaryDirectories();
const store = createMemoryStore({ dimensions: 1 });
const app = createPictures({ store, objectsOf: createDirectoryObjects });
let root: string;

beforeEach(async () => {
  root = join(await temporaryDirectory(), 'pictures');
  await mkdir(root);
  await writeFile(join(root, '..', 'secret.jpg'), 'secret');
});

async function index(key: string, version = '1'): Promise<string> {
  const id = imageId(key);
  const record = { ...createRecord(id), origin: { root, key, version } };
  await store.upsert([{ record, vector: Float32Array.of(1) }]);
  return `/pictures/${id}`;
}

describe('GET /pictures/{id}', () => {
  it.each([
    ['a.jpg', 'image/jpeg'],
    ['b.PNG', 'image/png'],
    ['c.webp', 'image/webp'],
    ['d.bmp', 'image/bmp'],
    ['e.tif', 'image/tiff'],
    ['f.gif', 'image/gif'],
    ['g.avif', 'image/avif'],
  ])('serves %s as %s', async (key, type) => {
    await writeFile(join(root, key), `bytes of ${key}`);
    const response = await app.request(await index(key));
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('cache-control')).toBe('private, max-age=60');
    expect(await response.text()).toBe(`bytes of ${key}`);
  });

  it('sends nothing to who has the picture, until it changes', async () => {
    await writeFile(join(root, 'a.jpg'), 'x');
    const url = await index('a.jpg');
    const headers = { 'if-none-match': (await app.request(url)).headers.get('etag') ?? '' };
    expect((await app.request(url, { headers })).status).toBe(304);
    await index('a.jpg', '2');
    expect((await app.request(url, { headers })).status).toBe(200);
  });

  it('says that a file is gone, and what to do', async () => {
    const response = await app.request(await index('gone.jpg'));
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('--prune');
  });

  it('opens nothing outside the folder, even where the index says so', async () => {
    for (const key of ['../secret.jpg', '/etc/passwd', 'x/../../secret.jpg']) {
      const response = await app.request(await index(key));
      expect(response.status).toBe(404);
      expect(await response.text()).not.toContain('"secret"');
    }
  });

  it.each(['/pictures/7', '/pictures/..%2f..%2fetc%2fpasswd', '/pictures/abc'])(
    'knows no picture under %s',
    async (path) => {
      expect((await app.request(path)).status).toBeGreaterThanOrEqual(400);
      expect((await app.request(path, { method: 'POST' })).status).toBe(405);
    },
  );
});

describe('a root that is gone', () => {
  it('is a picture that is gone', async () => {
    const url = await index('a.jpg');
    await rm(root, { recursive: true });
    expect((await app.request(url)).status).toBe(404);
  });
});

describe('GET /thumbnails/{id}', () => {
  it('serves the small version that is kept beside the pictures', async () => {
    const url = (await index('a.jpg')).replace('pictures', 'thumbnails');
    expect((await app.request(url)).status).toBe(404);
    const path = join(root, thumbnailKey(imageId('a.jpg')));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'small');
    const response = await app.request(url);
    expect(response.headers.get('content-type')).toBe('image/webp');
    expect(await response.text()).toBe('small');
    expect((await app.request(url, { method: 'DELETE' })).status).toBe(405);
  });
});

describe('addresses of pictures', () => {
  const record = (origin: { root: string; key: string }) => ({
    ...createRecord('7'),
    origin: { ...origin, version: '1' },
  });

  it('are paths here, with small versions of what is in a bucket', () => {
    expect(pictureUrls(record({ root: '/pictures', key: 'a.jpg' }))).toEqual({
      url: '/pictures/7',
      thumbnail_url: null,
    });
    expect(pictureUrls(record({ root: 's3://b', key: 'a.jpg' })).thumbnail_url).toBe(
      '/thumbnails/7',
    );
  });

  it('are keys below where others serve them', () => {
    const urlsOf = pictureUrlsBelow('https://cdn.example/p/');
    expect(urlsOf(record({ root: 's3://b', key: 'my dogs/a+b?#%.jpg' }))).toEqual({
      url: 'https://cdn.example/p/my%20dogs/a%2Bb%3F%23%25.jpg',
      thumbnail_url: 'https://cdn.example/p/.picture-search/thumbnails/7.webp',
    });
    expect(urlsOf(record({ root: '/pictures', key: 'a.jpg' })).thumbnail_url).toBeNull();
  });
});
