import { existsSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { type Filters, matchesFilter, parseFilter } from '../core/filter.ts';
import type { Vector } from '../core/model.ts';
import type { Point, VectorStore } from '../core/ports.ts';
import { expectOk } from './support/expect-ok.ts';
import { readUnitVectors } from './support/npy.ts';
import { createPoint } from './support/points.ts';
import { nearestIds } from './support/store-contents.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const data = path.join(import.meta.dirname, '../../shared/data/clip-b32');

describe.skipIf(!existsSync(data))('The embedded store on real text queries', () => {
  const createDirectory = useTemporaryDirectories();
  let points: Point[];
  let queries: Vector[];
  let store: VectorStore;

  beforeAll(async () => {
    const images = await readUnitVectors(path.join(data, 'images.npy'));
    const texts = await readUnitVectors(path.join(data, 'queries.npy'));
    // Spread over the sources that the rows came from.
    points = images
      .filter((_, row) => row % 5 === 0)
      .map((vector, row) => createPoint(String(row), vector, { row, half: row % 2 }));
    queries = texts.filter((_, row) => row % 12 === 0);
    // The graph alone: below 30,000 vectors the store would look at every one.
    store = expectOk(
      await createEmbeddedStore({
        directory: await createDirectory(),
        collection: 'images',
        model: { id: 'ViT-B-32/openai', revision: '1', dimensions: 512 },
        exactUpTo: 0,
      }),
    );
    expectOk(await store.upsert(points));
  });
  afterAll(() => store.close());

  it('finds nearly all of the nearest ten before the graph is built', async () => {
    expect(await recall(null)).toBeGreaterThanOrEqual(0.99);
  });

  it.each<[string, Filters | null]>([
    ['no filter', null],
    ['a filter that keeps half', { half: 1 }],
    ['a filter that keeps a tenth', { row: { gte: 1_000, lt: 1_536 } }],
    ['a filter that keeps a hundredth', { row: { lt: 54 } }],
  ])('finds nearly all of the nearest ten in the graph with %s', async (_, filters) => {
    expectOk(await store.optimize());
    expect(await recall(filters)).toBeGreaterThanOrEqual(0.97);
  });

  async function recall(filters: Filters | null): Promise<number> {
    const filter = parseFilter(filters);
    const meeting = points.filter(({ record }) => matchesFilter(record.metadata, filter ?? []));
    let found = 0;
    for (const vector of queries) {
      const expected = new Set(nearestIds(meeting, vector, 10));
      const matches = expectOk(await store.query({ vector, limit: 10, filter }));
      found += matches.filter(({ record }) => expected.has(record.id)).length;
    }
    return found / (10 * queries.length);
  }
});
