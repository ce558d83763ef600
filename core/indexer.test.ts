import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { failure } from './failure.ts';
import { imageId } from './image-id.ts';
import { createIndexer } from './indexer.ts';
import type { ObjectReader } from './object-store.ts';
import type { VectorStore } from './ports.ts';
import { err } from './result.ts';

const temporaryDirectory = useTemporaryDirectories();
const encoder = createFakeEncoder();
let folder: string;
let store: VectorStore;

beforeEach(async () => {
  folder = await temporaryDirectory();
  store = createMemoryStore({ dimensions: encoder.model.dimensions });
});

async function put(key: string, content: Uint8Array | string, root = folder): Promise<void> {
  await mkdir(dirname(join(root, key)), { recursive: true });
  await writeFile(join(root, key), content);
}

async function infosOf(objects: ObjectReader) {
  const listed = await Array.fromAsync(objects.list());
  return listed.flatMap((item) => (item.ok ? [item.value] : []));
}

async function indexAll(options: { category?: string; root?: string; into?: VectorStore } = {}) {
  const objects = createDirectoryObjects(options.root ?? folder);
  const indexer = createIndexer({ ...options, objects, encoder, store: options.into ?? store });
  return indexer.index(await infosOf(objects));
}

async function outcomes(options: Parameters<typeof indexAll>[0] = {}) {
  const done = expectOk(await indexAll(options));
  return Object.fromEntries(done.map(({ path, outcome }) => [path, outcome]));
}

async function recordOf(key: string) {
  return expectOk(await store.get([imageId(key)]))[0];
}

describe('indexing', () => {
  it('keeps of a picture where it is, what it is called and how large it is', async () => {
    await put('animals/cats/tom.png', await pngOf(colours.red, 30, 20));
    await put('loose.png', await pngOf(colours.blue, 8, 8));
    expect(await outcomes()).toEqual({ 'animals/cats/tom.png': 'indexed', 'loose.png': 'indexed' });
    expect(await recordOf('animals/cats/tom.png')).toMatchObject({
      id: imageId('animals/cats/tom.png'),
      metadata: {
        file_path: 'animals/cats/tom.png',
        file_name: 'tom.png',
        s3_key: null,
        category: 'animals',
        width: 30,
        height: 20,
      },
      origin: { root: folder, key: 'animals/cats/tom.png' },
    });
    expect((await recordOf('loose.png'))?.metadata.category).toBeNull();
  });

  it('knows copies by their content, also when other things are said of them', async () => {
    const red = await pngOf(colours.red, 8, 8);
    await put('a.png', red);
    await put('b.png', red);
    await put('c.png', await pngOf(colours.blue, 8, 8));
    await outcomes();
    const contentOf = async (key: string) => (await recordOf(key))?.origin.content;
    const content = await contentOf('a.png');
    expect(content).toMatch(/^[\w-]{22}$/);
    expect(await contentOf('b.png')).toBe(content);
    expect(await contentOf('c.png')).not.toBe(content);
    expect(await outcomes({ category: 'other' })).toMatchObject({ 'a.png': 'indexed' });
    expect((await recordOf('a.png'))?.metadata.category).toBe('other');
    expect(await contentOf('a.png')).toBe(content);
  });

  it('skips what has not changed, and does what has', async () => {
    await put('a.png', await pngOf(colours.red, 8, 8));
    await put('b.png', await pngOf(colours.red, 8, 8));
    await outcomes();
    await put('b.png', await pngOf(colours.blue, 9, 9));
    expect(await outcomes()).toEqual({ 'a.png': 'skipped', 'b.png': 'indexed' });
    expect((await recordOf('b.png'))?.metadata.width).toBe(9);
    expect(expectOk(await store.count())).toBe(2);
  });

  it('takes a category that is given for that of every picture', async () => {
    await put('animals/a.png', await pngOf(colours.red, 8, 8));
    await outcomes({ category: 'zoo' });
    expect((await recordOf('animals/a.png'))?.metadata.category).toBe('zoo');
    expect(await outcomes({ category: 'zoo' })).toEqual({ 'animals/a.png': 'skipped' });
    expect(await outcomes()).toEqual({ 'animals/a.png': 'indexed' });
  });

  it('lets a bad file fail alone, with its reason', async () => {
    const good = await pngOf(colours.red, 8, 8);
    await put('a.png', good);
    await put('empty.png', '');
    await put('renamed.jpg', 'this is a text');
    await put('truncated.png', good.subarray(0, good.length / 2));
    await put('z.png', good);
    const done = expectOk(await indexAll());
    const failed = done.filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ path }) => path)).toEqual(['empty.png', 'renamed.jpg', 'truncated.png']);
    for (const { reason } of failed) expect(reason).toMatch(/^Cannot /);
    expect(expectOk(await store.count())).toBe(2);
  });

  it('does not open a file that is over 50 MB', async () => {
    await put('huge.png', '');
    await truncate(join(folder, 'huge.png'), 50_000_001);
    const objects = createDirectoryObjects(folder);
    const unread: ObjectReader = { ...objects, get: () => Promise.reject(new Error('opened')) };
    const indexer = createIndexer({ objects: unread, encoder, store });
    expect(expectOk(await indexer.index(await infosOf(objects)))).toMatchObject([
      {
        outcome: 'failed',
        code: 'image_too_large',
        reason: expect.stringContaining('more than 50000000 bytes') as unknown,
      },
    ]);
  });

  it('no longer finds a picture that was spoilt', async () => {
    await put('a.png', await pngOf(colours.red, 8, 8));
    await outcomes();
    await put('a.png', 'no picture any more');
    expect(await outcomes()).toEqual({ 'a.png': 'failed' });
    expect(expectOk(await store.count())).toBe(0);
  });

  it('keeps a picture that cannot be read at the moment', async () => {
    await put('a.png', await pngOf(colours.red, 8, 8));
    await outcomes();
    const objects = createDirectoryObjects(folder);
    const broken: ObjectReader = {
      ...objects,
      get: async () => err(failure('image_unreadable', 'Cannot read the file')),
    };
    const [info] = await infosOf(objects);
    const changed = [{ key: 'a.png', bytes: info?.bytes ?? 0, version: 'other' }];
    const indexer = createIndexer({ objects: broken, encoder, store });
    expect(expectOk(await indexer.index(changed))).toMatchObject([{ outcome: 'failed' }]);
    expect(expectOk(await store.count())).toBe(1);
  });

  it('refuses a path that another folder has, and takes it from a folder that moved', async () => {
    const other = await temporaryDirectory();
    await put('a.png', await pngOf(colours.red, 8, 8));
    await put('a.png', await pngOf(colours.blue, 9, 9), other);
    // Written in the same tick of the clock, two small files may have the same size and time.
    await utimes(join(other, 'a.png'), new Date('2025-01-01'), new Date('2025-01-01'));
    await outcomes();
    const refused = expectOk(await indexAll({ root: other }));
    expect(refused).toMatchObject([
      { outcome: 'failed', reason: expect.stringContaining(folder) as unknown },
    ]);
    const moved = await temporaryDirectory();
    await put('a.png', await pngOf(colours.red, 8, 8), moved);
    const sameTime = new Date('2026-01-01');
    await utimes(join(folder, 'a.png'), sameTime, sameTime);
    await utimes(join(moved, 'a.png'), sameTime, sameTime);
    await outcomes();
    expect(await outcomes({ root: moved })).toEqual({ 'a.png': 'indexed' });
    expect((await recordOf('a.png'))?.origin.root).toBe(moved);
  });

  it('fails as a whole when the store or the encoder does', async () => {
    await put('a.png', await pngOf(colours.red, 8, 8));
    const refusing = {
      ...store,
      upsert: async () => err(failure('store_unavailable', 'Cannot write')),
    };
    expect(expectFailure(await indexAll({ into: refusing })).code).toBe('store_unavailable');
  });
});

describe('looking at keys of a folder', () => {
  it('does what there is to do, and leaves what another folder has', async () => {
    const other = await temporaryDirectory();
    await put('gone.png', await pngOf(colours.red, 8, 8));
    await put('elsewhere.png', await pngOf(colours.red, 8, 8), other);
    await outcomes();
    await outcomes({ root: other });
    await rm(join(folder, 'gone.png'));
    await put('new.png', await pngOf(colours.red, 8, 8));
    const objects = createDirectoryObjects(folder);
    const { look } = createIndexer({ objects, encoder, store });
    const keys = ['gone.png', 'elsewhere.png', 'new.png', '../outside.png'];
    const done = expectOk(await look(keys));
    expect(done.map(({ path, outcome }) => [path, outcome])).toEqual([
      ['gone.png', 'removed'],
      ['elsewhere.png', 'skipped'],
      ['new.png', 'indexed'],
      ['../outside.png', 'skipped'],
    ]);
    expect((await recordOf('elsewhere.png'))?.origin.root).toBe(other);
  });
});

describe('pruning', () => {
  it('removes what is gone from this folder and nothing else', async () => {
    const other = await temporaryDirectory();
    await put('gone.png', await pngOf(colours.red, 8, 8));
    await put('here.png', await pngOf(colours.red, 8, 8));
    await put('elsewhere.png', await pngOf(colours.red, 8, 8), other);
    await outcomes();
    await outcomes({ root: other });
    await rm(join(folder, 'gone.png'));
    await rm(join(other, 'elsewhere.png'));
    const objects = createDirectoryObjects(folder);
    const indexer = createIndexer({ objects, encoder, store });
    for await (const page of store.scan()) {
      expect(expectOk(await indexer.prune(expectOk(page)))).toMatchObject([
        { path: 'gone.png', outcome: 'removed' },
      ]);
    }
    expect(expectOk(await store.count())).toBe(2);
  });
});
