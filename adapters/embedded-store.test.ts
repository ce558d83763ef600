import { hash } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { contractDimensions, describeVectorStore } from '../test/contracts/vector-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { type EmbeddedStoreOptions, createEmbeddedStore } from './embedded-store.ts';

const model = { id: 'demo', revision: '1', dimensions: contractDimensions };
const createDirectory = useTemporaryDirectories();
const random = seededRandom(1);

async function open(options: Partial<EmbeddedStoreOptions> = {}) {
  const directory = options.directory ?? (await createDirectory());
  return createEmbeddedStore({ collection: 'images', model, ...options, directory });
}

describeVectorStore('The embedded store, looking at every vector', async () =>
  expectOk(await open()),
);

describeVectorStore('The embedded store, walking the graph', async () =>
  expectOk(await open({ exactUpTo: 0 })),
);

describe('The embedded store', () => {
  it('has everything again after it was closed and opened', async () => {
    const directory = await createDirectory();
    const store = expectOk(await open({ directory }));
    const all = points(100);
    expectOk(await store.upsert(all));
    expectOk(await store.optimize());
    expectOk(await store.upsert(points(50, 1_000)));
    await store.close();
    const again = expectOk(await open({ directory }));
    expect(expectOk(await again.count())).toBe(150);
    expect(expectOk(await again.get(['7']))).toEqual([all[7]?.record]);
    expect(expectOk(await again.describe())).toMatchObject({ collection: 'images' });
    await again.close();
  });

  it('keeps collections apart', async () => {
    const directory = await createDirectory();
    const cats = expectOk(await open({ directory, collection: 'cats' }));
    const dogs = expectOk(await open({ directory, collection: 'dogs' }));
    expectOk(await cats.upsert(points(3)));
    expect(expectOk(await dogs.count())).toBe(0);
    await cats.close();
    await dogs.close();
  });

  it('refuses an index of another model, naming both and the way out', async () => {
    const directory = await createDirectory();
    await expectOk(await open({ directory })).close();
    const other = expectFailure(
      await open({ directory, model: { ...model, id: 'b32', dimensions: 512 } }),
    );
    expect(other.code).toBe('model_mismatch');
    for (const word of ['demo', '24', 'b32', '512', 'QDRANT_COLLECTION', 'DATA_DIR', directory]) {
      expect(other.detail).toContain(word);
    }
    const longer = await open({ directory, model: { ...model, dimensions: 25 } });
    expect(expectFailure(longer).code).toBe('model_mismatch');
    const retrained = await open({ directory, model: { ...model, revision: '2' } });
    expect(expectFailure(retrained).detail).toContain('another revision of the model demo');
  });

  it('says who holds an index that is open already', async () => {
    const directory = await createDirectory();
    const store = expectOk(await open({ directory }));
    const second = expectFailure(await open({ directory }));
    expect(second).toMatchObject({
      code: 'index_locked',
      detail: expect.stringContaining('npm start'),
    });
    await store.close();
  });

  it.each([
    ['not json', 'not json'],
    ['empty', ''],
    ['of a later format', '{"format":99}'],
    ['without vectors', '{"vectors":"nowhere"}'],
    ['pointing elsewhere', '{"vectors":"../../x"}'],
  ])('says that an index is unusable when its description is %s', async (_, content) => {
    const directory = await createDirectory();
    await expectOk(await open({ directory })).close();
    const file = path.join(directory, 'images', 'collection.json');
    const good = JSON.parse(await readFile(file, 'utf8'));
    const bad = content.startsWith('{')
      ? JSON.stringify({ ...good, ...JSON.parse(content) })
      : content;
    await writeFile(file, bad);
    const failure = expectFailure(await open({ directory }));
    expect(failure.code).toBe('index_unusable');
    expect(failure.detail).toContain(directory);
  });

  it('says that an index is unusable when the vectors are not what they were', async () => {
    const directory = await createDirectory();
    await expectOk(await open({ directory })).close();
    const vectors = await vectorsFolder(directory);
    const names = (await readdir(vectors)).filter((name) => name.startsWith('manifest'));
    for (const name of names) await writeFile(path.join(vectors, name), 'garbage');
    expect(expectFailure(await open({ directory })).code).toBe('index_unusable');
  });

  it('takes no notice of a creation that was cut off', async () => {
    const directory = await createDirectory();
    await mkdir(path.join(directory, '.unfinished-images-0011', 'vectors-0022'), {
      recursive: true,
    });
    const store = expectOk(await open({ directory }));
    expectOk(await store.upsert(points(3)));
    expect(expectOk(await store.count())).toBe(3);
    await store.close();
  });

  it('lets one of two that create the same index have it', async () => {
    const directory = await createDirectory();
    const opened = await Promise.all([open({ directory }), open({ directory })]);
    const stores = opened.flatMap((result) => (result.ok ? [result.value] : []));
    expect(stores).toHaveLength(1);
    expect(opened.flatMap((result) => (result.ok ? [] : [result.error.code]))).toEqual([
      'index_locked',
    ]);
    expect(await readdir(directory)).toEqual(['images']);
    for (const store of stores) await store.close();
  });

  it('answers store_unavailable after it was closed, and waits for what was going on', async () => {
    const store = expectOk(await open());
    const going = [store.upsert(points(200)), store.query(anyQuery()), store.optimize()];
    await Promise.all([store.close(), store.close()]);
    for (const result of await Promise.all(going)) expectOk<unknown>(result);
    const after = [
      await store.query(anyQuery()),
      await store.get(['1']),
      await store.vectors(['1']),
      await store.upsert(points(1)),
      await store.remove(['1']),
      await store.count(),
      await store.describe(),
      await store.optimize(),
    ];
    for (const result of after) expect(expectFailure(result).code).toBe('store_unavailable');
    for await (const page of store.scan()) {
      expect(expectFailure(page).code).toBe('store_unavailable');
    }
  });

  it('does nothing that a caller asks for who has left', async () => {
    const store = expectOk(await open());
    expectOk(await store.upsert(points(10)));
    const left = AbortSignal.abort();
    const asked = [
      await store.get(['1'], left),
      await store.vectors(['1'], left),
      await store.count(left),
      await store.describe(left),
      await store.upsert(points(5, 100), left),
      await store.remove(['1'], left),
    ];
    for (const result of asked) expect(expectFailure(result).code).toBe('cancelled');
    expect(expectOk(await store.count())).toBe(10);
    await store.close();
  });

  it('stops waiting when the caller leaves in the middle', async () => {
    const store = expectOk(await open());
    expectOk(await store.upsert(points(2_000)));
    const leaving = new AbortController();
    const asked = store.query({ ...anyQuery(), signal: leaving.signal });
    leaving.abort();
    expect(expectFailure(await asked).code).toBe('cancelled');
    await store.close();
  });

  it('tells how much of it the graph covers', async () => {
    const store = expectOk(await open());
    expectOk(await store.upsert(points(100)));
    expect(expectOk(await store.describe())).toMatchObject({ vectorsCount: 100, indexed: 0 });
    expectOk(await store.optimize());
    expect(expectOk(await store.describe())).toEqual({
      collection: 'images',
      vectorsCount: 100,
      status: 'green',
      indexed: 1,
      effort: { exact: true, ef: 256, oversampling: 2 },
      searchSpace: null,
    });
    await store.close();
  });

  it('lets other work go on while it writes', async () => {
    const store = expectOk(await open({ model: { ...model, dimensions: 512 } }));
    const wide = Array.from({ length: 1_000 }, (_, index) =>
      createPoint(String(index), randomVector(random, 512)),
    );
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    expectOk(await store.upsert(wide));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
    await store.close();
  });

  it('does not touch its last checkpoint, with which it shares files', async () => {
    const directory = await createDirectory();
    const store = expectOk(await open({ directory }));
    expectOk(await store.upsert(points(500)));
    expectOk(await store.optimize());
    const before = await contentsOf(await vectorsFolder(directory));
    expectOk(await store.upsert(points(400, 300)));
    expectOk(await store.remove(['1', '2', '400']));
    expectOk(await store.query(anyQuery()));
    expect(await contentsOf(await vectorsFolder(directory))).toEqual(before);
    expect(before.size).toBeGreaterThan(5);
    await store.close();
  });

  it('does not grow for ever when the same pictures are indexed again and again', async () => {
    const directory = await createDirectory();
    const store = expectOk(await open({ directory }));
    const all = points(400);
    const sizes: number[] = [];
    for (let round = 0; round < 8; round++) {
      expectOk(await store.upsert(all));
      expectOk(await store.optimize());
      sizes.push(await bytesBelow(directory));
    }
    expect(Math.max(...sizes.slice(4))).toBeLessThan(1.5 * Math.max(...sizes.slice(0, 4)));
    await store.close();
  });
});

function points(count: number, first = 0) {
  return Array.from({ length: count }, (_, index) =>
    createPoint(String(first + index), randomVector(random, contractDimensions)),
  );
}

function anyQuery() {
  return { vector: randomVector(random, contractDimensions), limit: 3 };
}

async function vectorsFolder(directory: string): Promise<string> {
  const folder = path.join(directory, 'images');
  const manifest: { vectors: string } = JSON.parse(
    await readFile(path.join(folder, 'collection.json'), 'utf8'),
  );
  return path.join(folder, manifest.vectors);
}

async function contentsOf(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const hashes = files.map(async ({ parentPath, name }): Promise<[string, string]> => {
    const file = path.join(parentPath, name);
    return [file, hash('md5', await readFile(file))];
  });
  return new Map(await Promise.all(hashes));
}

async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map((file) =>
      stat(path.join(file.parentPath, file.name)).then(({ blocks }) => blocks * 512),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
