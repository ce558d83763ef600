import { array, assert, asyncProperty, boolean } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Filter, type Filters, matchesFilter, parseFilter } from '../../core/filter.ts';
import type { Point, VectorStore } from '../../core/ports.ts';
import { arbitraryFilter, arbitraryMetadata } from '../support/arbitrary-filters.ts';
import { expectOk } from '../support/expect-ok.ts';
import { createPoint, randomVector } from '../support/points.ts';
import { seededRandom } from '../support/random.ts';
import { idsOf, nearestIds, scanned } from '../support/store-contents.ts';

/** The filter language has one meaning, that of `matchesFilter`. */
export function describeFilters(
  name: string,
  dimensions: number,
  createStore: () => Promise<VectorStore>,
): void {
  describe(`${name} filters`, () => {
    const random = seededRandom(9);
    const vector = () => randomVector(random, dimensions);
    const points = (count: number) =>
      Array.from({ length: count }, (_, index) => createPoint(String(index + 1), vector()));
    let store: VectorStore;

    beforeEach(async () => {
      store = await createStore();
    });
    afterEach(() => store.close());

    it('finds by values of any type under any key, and tells them apart', async () => {
      const values = ['1', 1, true, 'true', '', "it's", '"', '\\', '%', 'a,b', 'ü', null, ['x', 2]];
      const all = values.map((value, index) =>
        createPoint(String(index), vector(), { 'any key': value }),
      );
      expectOk(await store.upsert(all));
      for (const value of ['1', 1, true, 'true', '', "it's", '"', '\\', '%', 'a,b', 'ü', 'x', 2]) {
        for (const kind of ['in', 'not-in'] as const) {
          const filter = [{ kind, key: 'any key', values: [value] }];
          expect(await foundIds(store, all, filter)).toEqual(meetingIds(all, filter));
        }
      }
    });

    it('knows nothing under a key that no picture has', async () => {
      const all = points(20);
      expectOk(await store.upsert(all));
      const query = { vector: vector(), limit: 100 };
      const found = async (filter: Filter) =>
        expectOk(await store.query({ ...query, filter })).length;
      expect(await found([{ kind: 'in', key: 'nope', values: ['a'] }])).toBe(0);
      expect(await found([{ kind: 'range', key: 'nope', gte: -1e300 }])).toBe(0);
      expect(await found([{ kind: 'not-in', key: 'nope', values: ['a'] }])).toBe(20);
      expect(await found([{ kind: 'not-in', key: '__proto__', values: ['a'] }])).toBe(20);
    });

    it('takes as many alternatives as a filter may have', async () => {
      const all = points(60).map(({ record, vector: own }, index) =>
        createPoint(record.id, own, { tag: `tag ${index}` }),
      );
      expectOk(await store.upsert(all));
      const values = Array.from({ length: 100 }, (_, index) => `tag ${index * 2}`);
      for (const kind of ['in', 'not-in'] as const) {
        const filter = [{ kind, key: 'tag', values }];
        expect(await foundIds(store, all, filter)).toEqual(meetingIds(all, filter));
      }
      const many = Array.from({ length: 16 }, (_, index) => {
        return {
          kind: 'range',
          key: 'width',
          gt: -1 / (index + 3),
          lt: 700 + 1 / (index + 3),
        } as const;
      });
      expect(await foundIds(store, all, many)).toEqual(meetingIds(all, many));
    });

    it('means by any filter what the filter language means', async () => {
      await assert(
        asyncProperty(
          array(arbitraryMetadata, { minLength: 1, maxLength: 25 }),
          array(arbitraryFilter, { minLength: 4, maxLength: 12 }),
          boolean(),
          async (metadata, filters, optimized) => {
            const before = await scanned(store);
            expectOk(await store.remove(before.map(({ id }) => id)));
            const all = metadata.map((one, index) => createPoint(String(index), vector(), one));
            expectOk(await store.upsert(all));
            if (optimized) expectOk(await store.optimize());
            for (const filter of filters) {
              expect(await foundIds(store, all, filter)).toEqual(meetingIds(all, filter));
            }
          },
        ),
        { numRuns: 20, seed: 11 },
      );
    });

    it('finds the nearest of those that meet a filter, however few they are', async () => {
      const all = points(2_000).map(({ record, vector: own }, index) =>
        createPoint(record.id, own, { half: index % 2, tenth: index % 10, row: index }),
      );
      expectOk(await store.upsert(all));
      expectOk(await store.optimize());
      const kept: Filters[] = [
        { half: 1 },
        { tenth: 3 },
        { row: { lt: 20 } },
        { half: { not: 1 } },
      ];
      for (const filters of kept) {
        const filter = parseFilter(filters) ?? [];
        const query = vector();
        const matches = expectOk(await store.query({ vector: query, limit: 10, filter }));
        const meeting = all.filter(({ record }) => matchesFilter(record.metadata, filter));
        expect(matches.map(({ record }) => record.id)).toEqual(nearestIds(meeting, query, 10));
      }
    });
  });
}

async function foundIds(
  store: VectorStore,
  points: readonly Point[],
  filter: Filter,
): Promise<string[]> {
  const vector = randomVector(seededRandom(3), points[0]?.vector.length ?? 0);
  const matches = expectOk(await store.query({ vector, limit: points.length, filter }));
  return idsOf(matches.map(({ record }) => record));
}

function meetingIds(points: readonly Point[], filter: Filter): string[] {
  const records = points.map(({ record }) => record);
  return idsOf(records.filter(({ metadata }) => matchesFilter(metadata, filter)));
}
