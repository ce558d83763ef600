import { describe, expect, it } from 'vitest';
import { expectOk } from '../test/support/expect-ok.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { type EmbeddedStoreOptions, createEmbeddedStore } from './embedded-store.ts';

const dimensions = 24;
const model = { id: 'demo', revision: '1', dimensions };
const createDirectory = useTemporaryDirectories();
const random = seededRandom(4);

async function open(options: Partial<EmbeddedStoreOptions>) {
  const directory = await createDirectory();
  return createEmbeddedStore({ collection: 'images', model, directory, ...options });
}

describe('Optimizing an embedded store', () => {
  it('finds every picture that came since it was optimized, when none was replaced', async () => {
    const store = expectOk(await open({ exactUpTo: 0 }));
    for (const round of [0, 1, 2]) {
      expectOk(await store.upsert(points(150, 150 * round)));
      expectOk(await store.optimize());
      const found = expectOk(
        await store.query({ vector: randomVector(random, dimensions), limit: 1_000 }),
      );
      expect(found).toHaveLength(150 * (round + 1));
    }
    await store.close();
  });

  it('still finds every picture after some were replaced or removed before optimizing', async () => {
    const store = expectOk(await open({}));
    const wanted = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const ids = Array.from({ length: 60 }, () => `${Math.floor(random() * 300)}`);
      const vectors = ids.map(() => randomVector(random, dimensions));
      const added = ids.map((id, n) => createPoint(id, vectors[n] ?? new Float32Array()));
      expectOk(await store.upsert([...new Map(added.map((one) => [one.record.id, one])).values()]));
      for (const id of ids) wanted.add(id);
      expectOk(await store.remove(ids.slice(0, 10)));
      for (const id of ids.slice(0, 10)) wanted.delete(id);
      if (round % 3 === 2) expectOk(await store.optimize());
      const vector = randomVector(random, dimensions);
      const found = expectOk(await store.query({ vector, limit: 1000 }));
      expect(new Set(found.map(({ record }) => record.id))).toEqual(wanted);
    }
    await store.close();
  });
});

function points(count: number, first: number) {
  return Array.from({ length: count }, (_, index) =>
    createPoint(String(first + index), randomVector(random, dimensions)),
  );
}
