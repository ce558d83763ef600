import { describe, expect, it } from 'vitest';
import { computeSearchSpace } from '../core/compute-search-space.ts';
import { failure } from '../core/failure.ts';
import type { Point, VectorStore } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { contractDimensions, describeVectorStore } from '../test/contracts/vector-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { cosine, createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { nearestIds } from '../test/support/store-contents.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { type EmbeddedStoreOptions, createEmbeddedStore } from './embedded-store.ts';

const model = { id: 'demo', revision: '1', dimensions: contractDimensions };
const createDirectory = useTemporaryDirectories();
const random = seededRandom(3);

async function open(options: Partial<EmbeddedStoreOptions> = {}) {
  const directory = options.directory ?? (await createDirectory());
  return createEmbeddedStore({ collection: 'images', model, ...options, directory });
}

describeVectorStore('The embedded store, walking the graph of a search space', async () =>
  expectOk(await open({ exactUpTo: 0, newSpace: spaceOf(points(200)) })),
);

describe('The effort of an embedded store', () => {
  it('keeps the effort that was found for it, below the one that is asked for at its start', async () => {
    const directory = await createDirectory();
    const store = expectOk(await open({ directory, exactUpTo: 0 }));
    expectOk(await store.upsert(points(3)));
    const usual = { exact: false, ef: 256, oversampling: 2 };
    expect(expectOk(await store.describe()).effort).toEqual(usual);
    expectOk(await store.setEffort({ ef: 77, oversampling: 3 }));
    const found = { exact: false, ef: 77, oversampling: 3 };
    expect(expectOk(await store.describe()).effort).toEqual(found);
    await store.close();
    const again = expectOk(await open({ directory, exactUpTo: 0 }));
    expect(expectOk(await again.describe()).effort).toEqual(found);
    await again.close();
    const told = expectOk(await open({ directory, exactUpTo: 0, ef: 99 }));
    expect(expectOk(await told.describe()).effort).toEqual({ ...found, ef: 99 });
    await told.close();
  });
});

describe('The search space of an embedded store', () => {
  it.each(['later writes', 'optimizing'])(
    'moves to a search space of its own when it has outgrown looking at all, before %s',
    async (when) => {
      const directory = await createDirectory();
      const sizes: number[] = [];
      const searchSpace = {
        make: async (images: readonly Float32Array[]) => {
          sizes.push(images.length);
          return ok(spaceOf(points(200)));
        },
      };
      const store = expectOk(await open({ directory, exactUpTo: 250, searchSpace }));
      const all = points(600);
      expectOk(await store.upsert(all.slice(0, 200)));
      expectOk(await store.optimize());
      expect(expectOk(await store.describe()).searchSpace).toBeNull();
      expectOk(await store.upsert(all.slice(200)));
      expectOk(await (when === 'optimizing' ? store.optimize() : store.upsert(all.slice(0, 9))));
      expect(sizes).toEqual([600]);
      const moved = expectOk(await store.describe()).searchSpace;
      expect(moved?.dimensions).toBe(contractDimensions);
      await expectNearest(store, all);
      await store.close();
      const again = expectOk(await open({ directory, exactUpTo: 250, searchSpace }));
      expect(expectOk(await again.describe()).searchSpace?.id).toBe(moved?.id);
      expectOk(await again.remove(['0']));
      expectOk(await again.optimize());
      await expectNearest(again, all.slice(1));
      const vectors = expectOk(await again.vectors(['1', '599']));
      expect(
        cosine(vectors.get('599') ?? new Float32Array(), all[599]?.vector ?? new Float32Array()),
      ).toBeCloseTo(1, 5);
      await again.close();
      expect(sizes).toEqual([600]);
    },
  );

  it('leaves a collection alone that is kept as the model makes the vectors, in the same process', async () => {
    for (const newSpace of [null, spaceOf(points(200)), null]) {
      const store = expectOk(await open({ exactUpTo: 0, newSpace }));
      const all = points(600);
      for (const start of [0, 200, 400]) {
        expectOk(await store.upsert(all.slice(start, start + 200)));
        expectOk(await store.optimize());
      }
      expect(expectOk(await store.describe()).indexed).toBe(1);
      await expectNearest(store, all);
      await store.close();
    }
  });

  it('goes on without a search space where none can be made', async () => {
    const answers = [ok(undefined), err(failure('encoder_unavailable', 'Cannot encode'))];
    const searchSpace = { make: async () => answers.pop() ?? ok(undefined) };
    const store = expectOk(await open({ exactUpTo: 20, searchSpace }));
    const all = points(100);
    expectOk(await store.upsert(all));
    expectOk(await store.optimize());
    expect(answers).toEqual([]);
    expect(expectOk(await store.describe()).searchSpace).toBeNull();
    await expectNearest(store, all);
    await store.close();
  });
});

function points(count: number, first = 0): Point[] {
  return Array.from({ length: count }, (_, index) =>
    createPoint(String(first + index), randomVector(random, contractDimensions)),
  );
}

function spaceOf(some: readonly Point[]) {
  const images = some.map(({ vector }) => vector);
  const texts = images.slice(0, 50).map(() => randomVector(random, contractDimensions));
  const space = computeSearchSpace({ images, texts });
  if (!space.ok) throw new Error(space.error);
  return space.value;
}

async function expectNearest(store: VectorStore, all: readonly Point[]) {
  const vector = randomVector(random, contractDimensions);
  const found = expectOk(
    await store.query({ vector, limit: 10, effort: { ef: 500, oversampling: 10 } }),
  );
  expect(found.map(({ record }) => record.id)).toEqual(nearestIds(all, vector, 10));
  expect(found[0]?.score).toBeCloseTo(Math.max(...all.map((one) => cosine(one.vector, vector))), 4);
}
