import { existsSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { computeSearchSpace } from '../core/compute-search-space.ts';
import { type Filters, matchesFilter, parseFilter } from '../core/filter.ts';
import type { Vector } from '../core/model.ts';
import type { Point, VectorStore } from '../core/ports.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { expectOk } from './support/expect-ok.ts';
import { readUnitVectors } from './support/npy.ts';
import { createPoint } from './support/points.ts';
import { nearestIds } from './support/store-contents.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const data = path.join(import.meta.dirname, '../../shared/data/clip-b32');

type Case = readonly [title: string, filters: Filters | null];

describe.skipIf(!existsSync(data))('The embedded store on real text queries', () => {
  const createDirectory = useTemporaryDirectories();
  let points: Point[];
  let texts: Vector[];
  /** What the statistics of the space are made of, and no query. */
  let otherTexts: Vector[];
  let images: Vector[];

  beforeAll(async () => {
    const rows = await readUnitVectors(path.join(data, 'images.npy'));
    const queries = await readUnitVectors(path.join(data, 'queries.npy'));
    // Spread over the sources that the rows came from.
    points = rows
      .filter((_, row) => row % 5 === 0)
      .map((vector, row) => createPoint(String(row), vector, { row, half: row % 2 }));
    images = rows.filter((_, row) => row % 500 === 3);
    texts = queries.filter((_, row) => row % 12 === 0);
    otherTexts = queries.filter((_, row) => row % 2 === 1);
  });

  describe('as the model makes them', () => {
    const { recall, optimize } = useStore(() => null);

    it('finds nearly all of the nearest ten before the graph is built', async () => {
      expect(await recall('text', null)).toBeGreaterThanOrEqual(0.99);
    });

    it.each<Case>([
      ['no filter', null],
      ['a filter that keeps half', { half: 1 }],
      ['a filter that keeps a tenth', { row: { gte: 1_000, lt: 1_536 } }],
      ['a filter that keeps a hundredth', { row: { lt: 54 } }],
    ])('finds nearly all of the nearest ten in the graph with %s', async (_, filters) => {
      await optimize();
      expect(await recall('text', filters)).toBeGreaterThanOrEqual(0.97);
    });
  });

  describe('in a search space', () => {
    const { recall, optimize, store } = useStore(() => {
      const sample = points.map(({ vector }) => vector);
      const space = computeSearchSpace({ images: sample, texts: otherTexts });
      if (!space.ok) throw new Error(space.error);
      return space.value;
    });

    it('finds nearly all of the nearest ten before the graph is built', async () => {
      expect(await recall('text', null)).toBeGreaterThanOrEqual(0.99);
    });

    it.each<Case>([
      ['no filter', null],
      ['a filter that keeps half', { half: 1 }],
      ['a filter that keeps a tenth', { row: { gte: 1_000, lt: 1_536 } }],
      ['a filter that keeps a hundredth', { row: { lt: 54 } }],
    ])('finds them in the graph with %s, also for images', async (_, filters) => {
      await optimize();
      expect(await recall('text', filters)).toBeGreaterThanOrEqual(0.98);
      expect(await recall('image', filters)).toBeGreaterThanOrEqual(0.99);
    });

    it('gives the cosine of the model, and its vectors', async () => {
      await optimize();
      const [query = new Float32Array(0)] = texts;
      const matches = expectOk(await store().query({ vector: query, limit: 10 }));
      const vectors = expectOk(await store().vectors(matches.map(({ record }) => record.id)));
      for (const { record, score } of matches) {
        const own = points.find((point) => point.record.id === record.id)?.vector;
        const back = vectors.get(record.id);
        expect(Math.abs(score - product(query, own))).toBeLessThan(1e-5);
        expect(product(back, own)).toBeGreaterThan(1 - 1e-6);
      }
    });
  });

  /** The graph alone: below 30,000 vectors the store would look at every one. */
  function useStore(makeSpace: () => SearchSpace | null) {
    let opened: VectorStore;
    beforeAll(async () => {
      opened = expectOk(
        await createEmbeddedStore({
          directory: await createDirectory(),
          collection: 'images',
          model: { id: 'ViT-B-32/openai', revision: '1', dimensions: 512 },
          newSpace: makeSpace(),
          exactUpTo: 0,
        }),
      );
      expectOk(await opened.upsert(points));
    });
    afterAll(() => opened.close());
    return {
      store: () => opened,
      async optimize() {
        expectOk(await opened.optimize());
      },
      async recall(from: 'text' | 'image', filters: Filters | null): Promise<number> {
        const filter = parseFilter(filters);
        const meeting = points.filter(({ record }) => matchesFilter(record.metadata, filter ?? []));
        const queries = from === 'text' ? texts : images;
        let found = 0;
        for (const vector of queries) {
          const expected = new Set(nearestIds(meeting, vector, 10));
          const matches = expectOk(await opened.query({ vector, limit: 10, filter }));
          found += matches.filter(({ record }) => expected.has(record.id)).length;
        }
        return found / (10 * queries.length);
      },
    };
  }
});

function product(a: Vector | undefined, b: Vector | undefined): number {
  return a?.reduce((sum, value, i) => sum + value * (b?.[i] ?? 0), 0) ?? 0;
}
