import { describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createPoint, createRecord, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { requestContext } from '../test/support/request-context.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createFacets, type Facets } from './facets.ts';
import { failure } from './failure.ts';
import type { ImageRecord, MetadataValue } from './model.ts';
import type { VectorStore } from './ports.ts';
import { err, ok } from './result.ts';

const createDirectory = useTemporaryDirectories();

type Store = Pick<VectorStore, 'scan' | 'count'>;

/** One picture for each of these, in a memory store. */
async function storeOf(metadata: readonly Readonly<Record<string, MetadataValue>>[]) {
  const store = createMemoryStore({ dimensions: 2 });
  const vector = Float32Array.of(1, 0);
  const points = metadata.map((each, index) =>
    createPoint(String(index + 1), vector, { category: null, ...each }),
  );
  expectOk(await store.upsert(points));
  return store;
}

async function facetsOf(
  metadata: readonly Readonly<Record<string, MetadataValue>>[],
  limits?: Parameters<typeof createFacets>[1],
): Promise<Facets> {
  return expectOk(await createFacets(await storeOf(metadata), limits)(requestContext()));
}

describe('what pictures can be filtered by', () => {
  it('is the values of each key, most frequent first', async () => {
    const facets = await facetsOf([
      { category: 'animals', indoors: true, license: 'cc0' },
      { category: 'food', indoors: true },
      { category: 'animals', indoors: false, license: 'mit' },
      { category: 'animals', license: 'cc0' },
      { category: 'food', indoors: null },
      { category: null },
    ]);
    expect(facets).toEqual({
      facets: [
        {
          key: 'category',
          values: [
            { value: 'animals', count: 3 },
            { value: 'food', count: 2 },
          ],
        },
        {
          key: 'indoors',
          values: [
            { value: true, count: 2 },
            { value: false, count: 1 },
          ],
        },
        {
          key: 'license',
          values: [
            { value: 'cc0', count: 2 },
            { value: 'mit', count: 1 },
          ],
        },
      ],
      sampled: 6,
      total: 6,
    });
  });

  it('counts a picture once for each value of a list', async () => {
    const { facets } = await facetsOf([{ tags: ['a', 'b', 'a'] }, { tags: ['b'] }, {}]);
    expect(facets).toEqual([
      {
        key: 'tags',
        values: [
          { value: 'b', count: 2 },
          { value: 'a', count: 1 },
        ],
      },
    ]);
  });

  it('leaves out what tells every picture from all others, and what all have alike', async () => {
    const { facets } = await facetsOf(
      Array.from({ length: 40 }, (_, index) => ({
        title: `Picture ${index}`,
        camera: 'the same',
        half: index % 2 === 0 ? 'even' : 'odd',
      })),
    );
    expect(facets.map(({ key }) => key)).toEqual(['half']);
  });

  it('leaves out keys with many values, values that nobody can read, and keys no filter has', async () => {
    const { facets } = await facetsOf(
      Array.from({ length: 80 }, (_, index) => ({
        shade: `shade ${index % 31}`,
        story: index % 2 === 0 ? 'long '.repeat(20) : 'short',
        'a key': index % 2,
        few: `few ${index % 30}`,
      })),
    );
    expect(facets.map(({ key }) => key)).toEqual(['few']);
    expect(facets[0]?.values).toHaveLength(30);
  });

  it('is nothing in an empty index, and of a single picture', async () => {
    expect(await facetsOf([])).toEqual({ facets: [], sampled: 0, total: 0 });
    expect((await facetsOf([{ category: 'a' }])).facets).toEqual([]);
  });

  it('is counted in a sample of bounded size', async () => {
    const metadata = Array.from({ length: 50 }, (_, index) => ({ half: index % 2 }));
    const counted = await facetsOf(metadata, { records: 20, values: 30, keys: 12 });
    expect(counted).toMatchObject({ sampled: 20, total: 50 });
    const sum = counted.facets[0]?.values.reduce((all, { count }) => all + count, 0);
    expect(sum).toBe(20);
  });

  it('stops reading where the sample is complete', async () => {
    let pages = 0;
    const store: Store = {
      count: async () => ok(1_000_000),
      async *scan() {
        for (;;) {
          pages += 1;
          yield ok([record({ half: pages % 2 }), record({ half: 1 })]);
        }
      },
    };
    const source = createFacets(store, { records: 7, values: 30, keys: 12 });
    expect(expectOk(await source(requestContext()))).toMatchObject({ sampled: 7 });
    expect(pages).toBe(4);
  });

  it('fails as the store does, in the middle of it too', async () => {
    const broken = err(failure('store_unavailable', 'Cannot read'));
    const empty = createMemoryStore({ dimensions: 2 });
    const uncounted: Store = { ...empty, count: async () => broken };
    const unread: Store = {
      count: async () => ok(3),
      async *scan() {
        yield ok([record({})]);
        yield broken;
      },
    };
    for (const store of [uncounted, unread]) {
      const failed = expectFailure(await createFacets(store)(requestContext()));
      expect(failed.code).toBe('store_unavailable');
    }
  });

  it('ends with its caller', async () => {
    const leaving = new AbortController();
    const store: Store = {
      count: async () => ok(3),
      async *scan() {
        leaving.abort();
        yield ok([record({})]);
      },
    };
    const failed = expectFailure(
      await createFacets(store)(requestContext({ signal: leaving.signal })),
    );
    expect(failed.code).toBe('cancelled');
  });

  it('is the same of an embedded store', async () => {
    const store = expectOk(
      await createEmbeddedStore({
        directory: await createDirectory(),
        collection: 'images',
        model: { id: 'demo', revision: '1', dimensions: 16 },
      }),
    );
    const random = seededRandom(7);
    expectOk(
      await store.upsert(
        Array.from({ length: 3000 }, (_, index) =>
          createPoint(String(index + 1), randomVector(random, 16), {
            category: ['a', 'b', 'c'][index % 3] ?? null,
          }),
        ),
      ),
    );
    const whole = expectOk(await createFacets(store)(requestContext()));
    expect(whole).toMatchObject({ sampled: 3000, total: 3000 });
    expect(whole.facets[0]?.values).toEqual([
      { value: 'a', count: 1000 },
      { value: 'b', count: 1000 },
      { value: 'c', count: 1000 },
    ]);
    const part = createFacets(store, { records: 500, values: 30, keys: 12 });
    expect(expectOk(await part(requestContext()))).toMatchObject({ sampled: 500, total: 3000 });
    await store.close();
  });
});

function record(metadata: Readonly<Record<string, MetadataValue>>): ImageRecord {
  return createRecord('1', metadata);
}
