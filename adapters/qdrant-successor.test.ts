import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  createTestSpace,
  openTestStore,
  startTestQdrant,
  testModel,
} from '../test/support/open-qdrant.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { idsOf, scanned } from '../test/support/store-contents.ts';

const random = seededRandom(8);
const point = (id: string, dimensions = testModel.dimensions) =>
  createPoint(id, randomVector(random, dimensions));
const spec = { model: testModel, searchSpace: createTestSpace() };

describe('the successor of a collection in Qdrant', () => {
  it('takes its place in one call, for all who search', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    const other = await openTestStore(server);
    expectOk(await store.upsert([point('1'), point('2')]));
    const successor = expectOk(await store.succeed(spec));
    expectOk(await successor.store.upsert([point('2'), point('3')]));
    expect(idsOf(await scanned(store))).toEqual(['1', '2']);
    server.calls.length = 0;
    const before = expectOk(await successor.publish());
    const switches = server.calls.filter(({ method }) => method === 'Collections.UpdateAliases');
    expect(switches).toHaveLength(1);
    for (const one of [store, successor.store])
      expect(idsOf(await scanned(one))).toEqual(['2', '3']);
    if (before)
      expect(idsOf(expectOk(await before.store.get(['1', '2', '3'])))).toEqual(['1', '2']);
    // A write goes where the alias points, also when nothing was known of the switch.
    expectOk(await other.upsert([point('4')]));
    expect(idsOf(await scanned(store))).toEqual(['2', '3', '4']);
    expect(expectOk(await other.describe()).searchSpace?.id).toBe(spec.searchSpace.id);
    if (before) expectOk(await before.remove());
    expect(Array.from(server.storage.collections.keys())).toEqual(['images__test-model-1__2']);
  });

  it('never fails a search while it takes the place', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    const other = await openTestStore(server);
    const all = Array.from({ length: 20 }, (_, index) => point(String(index)));
    expectOk(await store.upsert(all));
    const searching = new AbortController();
    let searches = 0;
    const search = async () => {
      while (!searching.signal.aborted) {
        for (const one of all.slice(0, 5)) {
          const found = expectOk(await other.query({ vector: one.vector, limit: 1 }));
          expect(found[0]?.record.id).toBe(one.record.id);
          expect(found[0]?.score).toBeCloseTo(1, 4);
          searches++;
        }
      }
    };
    const searched = Promise.all([search(), search()]);
    for (const searchSpace of [createTestSpace(1), null, createTestSpace(2)]) {
      const successor = expectOk(await store.succeed({ model: testModel, searchSpace }));
      expectOk(await successor.store.upsert(all));
      const before = expectOk(await successor.publish());
      await setTimeout(20);
      if (before) expectOk(await before.remove());
      await setTimeout(20);
    }
    searching.abort();
    await searched;
    expect(searches).toBeGreaterThan(20);
  });

  it('is gone on with by the same spec, and deleted by another', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    const first = expectOk(await store.succeed(spec));
    expectOk(await first.store.upsert([point('7')]));
    const resumed = expectOk(await (await openTestStore(server)).succeed(spec));
    expect(idsOf(await scanned(resumed.store))).toEqual(['7']);
    const other = expectOk(await store.succeed({ ...spec, searchSpace: null }));
    expect(idsOf(await scanned(other.store))).toEqual([]);
    expect(server.storage.collections.size).toBe(2);
    expectOk(await other.discard());
    expect(server.storage.collections.size).toBe(1);
    expectOk(await other.discard());
  });

  it('is not deleted any more once it is published', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    const successor = expectOk(await store.succeed(spec));
    expectOk(await successor.publish());
    expectOk(await successor.publish());
    expectOk(await successor.discard());
    expectOk(await store.upsert([point('1')]));
    expect(expectOk(await store.count())).toBe(1);
  });

  it('leaves the one before, and not those before that', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    for (let generation = 2; generation <= 4; generation++) {
      const searchSpace = createTestSpace(generation);
      expectOk(await expectOk(await store.succeed({ ...spec, searchSpace })).publish());
    }
    expect(Array.from(server.storage.collections.keys())).toEqual([
      'images__test-model-1__3',
      'images__test-model-1__4',
    ]);
  });

  it('of another model is not searched by those who have the old one', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    const warnings: string[] = [];
    const logger = {
      info: () => undefined,
      warn: (_: unknown, message: string) => void warnings.push(message),
    };
    const running = await openTestStore(server, { logger });
    expectOk(await store.upsert([point('1')]));
    const model = { id: 'other', revision: '9', dimensions: testModel.dimensions };
    const successor = expectOk(await store.succeed({ model, searchSpace: null }));
    expectOk(await successor.store.upsert([point('2')]));
    const before = expectOk(await successor.publish());
    const query = { vector: point('0').vector, limit: 5 };
    const found = expectOk(await running.query(query));
    expect(found.map(({ record }) => record.id)).toEqual(['1']);
    expect(expectFailure(await running.upsert([point('3')])).code).toBe('model_mismatch');
    expect(idsOf(await scanned(store))).toEqual(['2']);
    if (before) expectOk(await before.remove());
    expect(expectFailure(await running.query(query)).code).toBe('model_mismatch');
    expect(warnings).toHaveLength(1);
  });
});
