import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { createMemoryObjects } from '../test/support/memory-objects.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { failure } from './failure.ts';
import { indexObjects, type IndexObjectsOptions } from './index-objects.ts';
import type { Outcome } from './indexer.ts';
import type { ObjectReader } from './object-store.ts';
import { err } from './result.ts';

const temporaryDirectory = useTemporaryDirectories();
const red = await pngOf(colours.red, 8, 8);

function createEngine() {
  const encoder = createFakeEncoder();
  let optimized = 0;
  const memory = createMemoryStore({ dimensions: encoder.model.dimensions });
  const store = {
    ...memory,
    optimize() {
      optimized += 1;
      return memory.optimize();
    },
  };
  return { encoder, store, optimized: () => optimized };
}

function createRun(objects: ObjectReader, more: Partial<IndexObjectsOptions> = {}) {
  const engine = createEngine();
  const told: Outcome[] = [];
  const onOutcomes = async (outcomes: readonly Outcome[]) => void told.push(...outcomes);
  return {
    ...engine,
    told,
    paths: () => told.map(({ path, outcome }) => `${path} ${outcome}`),
    index: (again: Partial<IndexObjectsOptions> = {}) =>
      indexObjects(engine, { objects, batchSize: 4, onOutcomes, ...more, ...again }),
  };
}

function bucketOf(count: number) {
  const objects = createMemoryObjects();
  const keys = Array.from({ length: count }, (_, n) => `p${String(n).padStart(3, '0')}.png`);
  for (const key of keys) objects.upload(key, red);
  return { objects, keys };
}

describe('indexing a folder or bucket', () => {
  it('tells of every file once, in the order of the list, and optimizes the store', async () => {
    const { objects, keys } = bucketOf(50);
    const run = createRun(objects);
    expectOk(await run.index());
    expect(run.paths()).toEqual(keys.map((key) => `${key} indexed`));
    expect(run.optimized()).toBe(1);
    run.told.length = 0;
    expectOk(await run.index({ optimize: false }));
    expect(run.paths()).toEqual(keys.map((key) => `${key} skipped`));
    expect(run.optimized()).toBe(1);
  });

  it('prunes a folder when it is asked to', async () => {
    const folder = await temporaryDirectory();
    await mkdir(join(folder, 'cats'));
    for (const key of ['cats/a.png', 'cats/b.png', 'c.png'])
      await writeFile(join(folder, key), red);
    const run = createRun(createDirectoryObjects(folder));
    expectOk(await run.index());
    await rm(join(folder, 'cats/a.png'));
    run.told.length = 0;
    expectOk(await run.index());
    expect(run.paths()).toEqual(['c.png skipped', 'cats/b.png skipped']);
    run.told.length = 0;
    expectOk(await run.index({ prune: true }));
    expect(run.paths()).toEqual(['c.png skipped', 'cats/b.png skipped', 'cats/a.png removed']);
    expect(expectOk(await run.store.count())).toBe(2);
  });

  it('keeps to its part: a prefix, and what it takes, also when it prunes', async () => {
    const objects = createMemoryObjects();
    const keys = ['cats/1.png', 'cats/2.png', 'dogs/1.png', 'dogs/2.png'];
    for (const key of keys) objects.upload(key, red);
    const run = createRun(objects);
    const part = { prefix: 'cats/', take: ({ key }: { key: string }) => key.includes('1') };
    expectOk(await run.index(part));
    expect(run.paths()).toEqual(['cats/1.png indexed']);
    expectOk(await run.index());
    for (const key of keys) objects.delete(key);
    run.told.length = 0;
    expectOk(await run.index({ ...part, prune: true }));
    expect(run.paths()).toEqual(['cats/1.png removed']);
    expectOk(await run.index({ prefix: 'dogs/', prune: true }));
    expect(expectOk(await run.store.count())).toBe(1);
  });

  it('names what cannot be listed, and goes on', async () => {
    const { objects } = bucketOf(2);
    const denied = failure('image_unreadable', 'Cannot read the folder');
    const run = createRun({
      ...objects,
      async *list() {
        yield err({ key: 'secret', failure: denied });
        yield* objects.list();
      },
    });
    expectOk(await run.index());
    expect(run.told[0]).toEqual({
      id: '',
      path: 'secret',
      outcome: 'failed',
      code: 'image_unreadable',
      reason: 'Cannot read the folder',
    });
    expect(run.told).toHaveLength(3);
  });

  it('finishes and tells of what is under way when the list ends early', async () => {
    for (const code of ['cancelled', 'objects_unavailable'] as const) {
      const { objects, keys } = bucketOf(30);
      const ended = failure(code, 'Cannot go on');
      const run = createRun({
        ...objects,
        async *list() {
          let listed = 0;
          for await (const item of objects.list()) {
            if (listed === 14) yield err({ key: '', failure: ended });
            listed += 1;
            yield item;
          }
        },
      });
      expect(expectFailure(await run.index({ prune: true }))).toBe(ended);
      expect(run.paths()).toEqual(keys.slice(0, 12).map((key) => `${key} indexed`));
      expect(run.optimized()).toBe(0);
    }
  });

  it('fails when store or encoder do, and ends what it has begun before', async () => {
    const { objects } = bucketOf(100);
    const run = createRun(objects);
    const lost = failure('store_unavailable', 'Cannot write');
    let [running, upserts] = [0, 0];
    run.store.upsert = async () => {
      running += 1;
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
      running -= 1;
      upserts += 1;
      return err(lost);
    };
    expect(expectFailure(await run.index())).toBe(lost);
    expect(running).toBe(0);
    expect(upserts).toBeLessThan(10);
    expect(run.told).toEqual([]);
  });

  it('reads the next batches while one is encoded, however slow reading is', async () => {
    const { objects } = bucketOf(24);
    const real = createFakeEncoder();
    const reads = new Set<string>();
    const { promise, resolve } = Promise.withResolvers<void>();
    let isFirst = true;
    const encoder = {
      ...real,
      async encodeImages(...args: Parameters<typeof real.encodeImages>) {
        const waits = isFirst;
        isFirst = false;
        if (waits) await promise;
        return real.encodeImages(...args);
      },
    };
    const slow: ObjectReader = {
      ...objects,
      async get(key, signal) {
        await new Promise((done) => {
          setTimeout(done, 20);
        });
        reads.add(key);
        return objects.get(key, signal);
      },
    };
    const { store } = createEngine();
    const told: Outcome[] = [];
    const onOutcomes = async (outcomes: readonly Outcome[]) => void told.push(...outcomes);
    const options = { objects: slow, batchSize: 4, onOutcomes };
    const done = indexObjects({ encoder, store }, options);
    await vi.waitFor(() => expect(reads.size).toBeGreaterThanOrEqual(12), 10_000);
    expect(told).toEqual([]);
    resolve();
    expectOk(await done);
    expect(told).toHaveLength(24);
  });
});
