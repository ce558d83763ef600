import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareIds } from '../../core/image-id.ts';
import { parseFilter } from '../../core/filter.ts';
import type { Point, VectorStore } from '../../core/ports.ts';
import { expectFailure, expectOk } from '../support/expect-ok.ts';
import { cosine, createPoint, createRecord, randomVector, unit } from '../support/points.ts';
import { seededRandom } from '../support/random.ts';
import { idsOf, nearestIds, scanned, sorted } from '../support/store-contents.ts';
import { describeFilters } from './vector-store-filters.ts';

/** Length of the vectors that the store under test must take. */
export const contractDimensions = 24;

const largestId = (2n ** 64n - 1n).toString();

/** What every vector store does, whatever is behind it. */
export function describeVectorStore(name: string, createStore: () => Promise<VectorStore>): void {
  describeFilters(name, contractDimensions, createStore);
  describe(`${name} is a vector store`, () => {
    const random = seededRandom(7);
    const vector = () => randomVector(random, contractDimensions);
    const points = (count: number, first = 1) =>
      Array.from({ length: count }, (_, index) => createPoint(String(first + index), vector()));
    let store: VectorStore;

    beforeEach(async () => {
      store = await createStore();
    });
    afterEach(() => store.close());

    it('is empty at first, and answers all the same', async () => {
      expect(expectOk(await store.query({ vector: vector(), limit: 10 }))).toEqual([]);
      expect(expectOk(await store.count())).toBe(0);
      expect(expectOk(await store.get(['1']))).toEqual([]);
      expect(expectOk(await store.vectors(['1'])).size).toBe(0);
      expect(await scanned(store)).toEqual([]);
      expect(expectOk(await store.describe())).toMatchObject({ vectorsCount: 0, status: 'green' });
      expectOk(await store.optimize());
      expectOk(await store.upsert([]));
      expectOk(await store.remove([]));
    });

    it('finds a single picture', async () => {
      const [point] = points(1);
      expectOk(await store.upsert(point ? [point] : []));
      const matches = expectOk(await store.query({ vector: vector(), limit: 10 }));
      expect(matches.map(({ record }) => record)).toEqual([point?.record]);
    });

    it.each(['before', 'after'])('ranks by exact cosine %s optimizing', async (when) => {
      const all = points(300);
      expectOk(await store.upsert(all));
      if (when === 'after') expectOk(await store.optimize());
      for (const limit of [1, 3, 10, 100]) {
        const query = vector();
        const matches = expectOk(await store.query({ vector: query, limit }));
        expect(matches.map(({ record }) => record.id)).toEqual(nearestIds(all, query, limit));
        for (const { record, score } of matches) {
          const found = all.find((one) => one.record.id === record.id);
          expect(score).toBeCloseTo(cosine(found?.vector ?? query, query), 4);
        }
      }
    });

    it('gives at most as many as asked for, and all when there are fewer', async () => {
      expectOk(await store.upsert(points(20)));
      expect(expectOk(await store.query({ vector: vector(), limit: 7 }))).toHaveLength(7);
      expect(expectOk(await store.query({ vector: vector(), limit: 100 }))).toHaveLength(20);
    });

    it('orders equal scores by id as a number', async () => {
      const same = vector();
      const ids = ['10', '9', largestId, '100', '0', '18446744073709551614'];
      expectOk(await store.upsert(ids.map((id) => createPoint(id, same))));
      const matches = expectOk(await store.query({ vector: same, limit: 10 }));
      expect(matches.map(({ record }) => record.id)).toEqual(ids.toSorted(compareIds));
    });

    it('leaves out what is below the score threshold', async () => {
      const all = points(50);
      expectOk(await store.upsert(all));
      const query = vector();
      const scoreThreshold = 0.1;
      const matches = expectOk(await store.query({ vector: query, limit: 50, scoreThreshold }));
      const expected = all.filter((one) => cosine(one.vector, query) >= scoreThreshold);
      expect(matches).toHaveLength(expected.length);
    });

    it('gives back a record exactly as it was put in', async () => {
      const metadata = {
        title: 'Ça va? "\\\u0000\n\'',
        tags: ['a', 1, true],
        none: null,
        deep: -0.5,
      };
      const record = createRecord(largestId, metadata);
      expectOk(await store.upsert([{ record, vector: vector() }]));
      expect(expectOk(await store.get([largestId]))).toEqual([record]);
      const [match] = expectOk(await store.query({ vector: vector(), limit: 1 }));
      expect(match?.record).toEqual(record);
    });

    it('gives records and unit vectors by id, and leaves out unknown ids', async () => {
      const all = points(600);
      expectOk(await store.upsert(all));
      const ids = [...all.map(({ record }) => record.id), 'no-such-id', '999999'];
      const records = expectOk(await store.get(ids));
      expect(sorted(records)).toEqual(all.map(({ record }) => record));
      const vectors = expectOk(await store.vectors(ids));
      expect(vectors.size).toBe(600);
      for (const { record, vector: stored } of all) {
        const given = vectors.get(record.id) ?? new Float32Array();
        expect(given).toBeInstanceOf(Float32Array);
        expect(Math.hypot(...given)).toBeCloseTo(1, 5);
        expect(cosine(given, stored)).toBeCloseTo(1, 5);
      }
      expect(expectOk(await store.get([]))).toEqual([]);
    });

    it('replaces a picture that is there already', async () => {
      expectOk(await store.upsert([createPoint('1', vector(), { category: 'old' })]));
      expectOk(await store.optimize());
      const moved = createPoint('1', vector(), { category: 'new' });
      expectOk(await store.upsert([moved]));
      expect(expectOk(await store.count())).toBe(1);
      const matches = expectOk(await store.query({ vector: moved.vector, limit: 5 }));
      expect(matches).toHaveLength(1);
      expect(matches[0]?.record).toEqual(moved.record);
      expect(matches[0]?.score).toBeCloseTo(1, 4);
      const filter = parseFilter({ category: 'old' });
      expect(expectOk(await store.query({ vector: vector(), limit: 5, filter }))).toEqual([]);
    });

    it('keeps the last of several points with one id', async () => {
      const versions = ['a', 'b', 'c'].map((category) => createPoint('5', vector(), { category }));
      expectOk(await store.upsert(versions));
      expect(expectOk(await store.count())).toBe(1);
      expect(expectOk(await store.get(['5']))[0]?.metadata.category).toBe('c');
    });

    it('counts right however often the same pictures are indexed again', async () => {
      const all = points(100);
      for (let round = 0; round < 8; round++) {
        expectOk(await store.upsert(all));
        if (round % 3 === 2) expectOk(await store.optimize());
      }
      expect(expectOk(await store.count())).toBe(100);
      expect(await scanned(store)).toHaveLength(100);
      expect(expectOk(await store.query({ vector: vector(), limit: 100 }))).toHaveLength(100);
    });

    it('removes pictures for good, and does not mind unknown ids', async () => {
      const all = points(80);
      expectOk(await store.upsert(all));
      expectOk(await store.optimize());
      const gone = all.slice(0, 50).map(({ record }) => record.id);
      expectOk(await store.remove([...gone, '123456789', ...gone]));
      const left = all.slice(50).map(({ record }) => record.id);
      expect(expectOk(await store.count())).toBe(30);
      expect(idsOf(await scanned(store))).toEqual(left);
      expect(expectOk(await store.get(gone))).toEqual([]);
      const matches = expectOk(await store.query({ vector: vector(), limit: 100 }));
      expect(idsOf(matches.map(({ record }) => record))).toEqual(left);
      expectOk(await store.optimize());
      expect(expectOk(await store.count())).toBe(30);
    });

    it('scans every record once, in pages of bounded size', async () => {
      const all = points(1_500);
      expectOk(await store.upsert(all));
      const sizes: number[] = [];
      for await (const page of store.scan()) sizes.push(expectOk(page).length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
      expect(sorted(await scanned(store))).toEqual(all.map(({ record }) => record));
    });

    it('scans every point once, with the vector that was put in, in pages of bounded size', async () => {
      const all = points(700);
      expectOk(await store.upsert(all));
      const seen: Point[] = [];
      for await (const page of store.scanPoints()) {
        const some = expectOk(page);
        expect(some.length).toBeLessThanOrEqual(1_000);
        seen.push(...some);
      }
      expect(sorted(seen.map(({ record }) => record))).toEqual(all.map(({ record }) => record));
      const put = new Map(all.map((one) => [one.record.id, one.vector]));
      for (const { record, vector: given } of seen) {
        expect(given).toBeInstanceOf(Float32Array);
        expect(cosine(given, put.get(record.id) ?? given.map(() => 0))).toBeCloseTo(1, 5);
      }
    });

    it('ranks by exact cosine whatever the query was made of and however far it looks', async () => {
      const all = points(300);
      expectOk(await store.upsert(all));
      expectOk(await store.optimize());
      for (const more of [
        { effort: { exact: true } },
        { effort: { ef: 400, oversampling: 4 } },
        { effort: { ef: 4_096, oversampling: 8 } },
        { effort: { oversampling: 8 }, limit: 1_000 },
      ] as const) {
        const query = { vector: vector(), limit: 10, ...more };
        const matches = expectOk(await store.query(query));
        const expected = nearestIds(all, query.vector, query.limit);
        expect(matches.map(({ record }) => record.id)).toEqual(expected);
      }
    });

    it('takes another effort, and says what a search costs', async () => {
      const all = points(100);
      expectOk(await store.upsert(all));
      expectOk(await store.setEffort({ ef: 200, oversampling: 3 }));
      const { effort } = expectOk(await store.describe());
      expect(effort.exact || effort.ef === 200).toBe(true);
      const query = vector();
      const matches = expectOk(await store.query({ vector: query, limit: 10 }));
      expect(matches.map(({ record }) => record.id)).toEqual(nearestIds(all, query, 10));
    });

    it('can be written to, searched and optimized while a scan is open', async () => {
      expectOk(await store.upsert(points(1_000)));
      const seen: string[] = [];
      for await (const page of store.scan()) {
        seen.push(...expectOk(page).map(({ id }) => id));
        if (seen.length > 300) continue;
        expectOk(await store.upsert(points(10, 5_000)));
        expectOk(await store.query({ vector: vector(), limit: 3 }));
        expectOk(await store.optimize());
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => Number(id) <= 1_000)).toHaveLength(1_000);
    });

    it('takes writes, searches and optimizing at the same time', async () => {
      const all = points(640);
      const first = all.slice(0, 320);
      expectOk(await store.upsert(first));
      const results = await Promise.all([
        store.optimize(),
        ...Array.from({ length: 10 }, (_, part) =>
          store.upsert(all.slice(320 + part * 32, 352 + part * 32)),
        ),
        ...Array.from({ length: 20 }, () => store.query({ vector: vector(), limit: 5 })),
        store.remove(first.slice(0, 20).map(({ record }) => record.id)),
        store.describe(),
        store.optimize(),
        store.count(),
      ]);
      for (const result of results) expectOk<unknown>(result);
      expect(expectOk(await store.count())).toBe(620);
      const query = vector();
      const matches = expectOk(await store.query({ vector: query, limit: 20 }));
      expect(idsOf(matches.map(({ record }) => record))).toEqual(
        nearestIds(all.slice(20), query, 20).toSorted(compareIds),
      );
    });

    it('does writes in the order in which they were asked for', async () => {
      const all = points(200);
      const ids = all.map(({ record }) => record.id);
      const done = await Promise.all([store.upsert(all), store.remove(ids), store.upsert(all)]);
      for (const result of done) expectOk(result);
      const removed = [store.upsert(all), store.remove(ids)];
      for (const result of await Promise.all(removed)) expectOk(result);
      expect(expectOk(await store.count())).toBe(0);
    });

    it('does nothing for a caller who has left', async () => {
      expectOk(await store.upsert(points(10)));
      const gone = await store.query({ vector: vector(), limit: 1, signal: AbortSignal.abort() });
      expect(expectFailure(gone).code).toBe('cancelled');
      const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
      const timedOut = await store.query({ vector: vector(), limit: 1, signal: late });
      expect(expectFailure(timedOut).code).toBe('timeout');
      for await (const page of store.scan(AbortSignal.abort())) {
        expect(expectFailure(page).code).toBe('cancelled');
      }
      for await (const page of store.scanPoints(AbortSignal.abort())) {
        expect(expectFailure(page).code).toBe('cancelled');
      }
    });

    it('refuses vectors of another length as the mistake of the caller', async () => {
      const short = unit(new Float32Array([1, 2, 3]));
      await expect(store.query({ vector: short, limit: 1 })).rejects.toThrow('Cannot use a vector');
      await expect(store.upsert([createPoint('1', short)])).rejects.toThrow('Cannot use a vector');
      expect(expectOk(await store.count())).toBe(0);
    });
  });
}
