import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { createIndexSample } from './index-sample.ts';
import type { VectorStore } from './ports.ts';

const random = seededRandom(1);
const vector = Float32Array.of(1, 0, 0);

/** About normally distributed, with deviation 1. */
function gaussian(): number {
  const sum = Array.from({ length: 12 }, random).reduce((total, value) => total + value, 0);
  return sum - 6;
}

async function add(store: VectorStore, from: number, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, place) => String(from + place));
  expectOk(await store.upsert(ids.map((id) => createPoint(id, randomVector(random, 3)))));
}

/** A store that says how often its points were read. */
function createWatched() {
  const store = createMemoryStore({ dimensions: 3 });
  const watched = {
    ...store,
    reads: 0,
    scanPoints(signal?: AbortSignal) {
      watched.reads += 1;
      return store.scanPoints(signal);
    },
  };
  return watched;
}

describe('createIndexSample', () => {
  it('knows mean and spread of a vector, and how many pictures there are', async () => {
    const store = createMemoryStore({ dimensions: 3 });
    const opposite = [Float32Array.of(1, 0, 0), Float32Array.of(0, 1, 0)];
    await store.upsert(opposite.map((one, id) => createPoint(String(id), one)));
    const sample = expectOk(await createIndexSample(store)());
    expect(sample.backgroundOf(vector)).toEqual({ mean: 0.5, spread: 0.5 });
    expect(sample.restOf(vector).lowest).toBe(0);
    expect(sample.size).toBe(2);
    expect(sample.pictures).toBe(2);
  });

  it('is read once for many requests, and again when a small index has grown', async () => {
    const store = createWatched();
    const read = createIndexSample(store);
    await add(store, 0, 3);
    for (let request = 0; request < 15; request += 1) await read();
    expect(store.reads).toBe(1);
    await add(store, 3, 600);
    expect(expectOk(await read()).pictures).toBe(603);
    for (let request = 0; request < 1000; request += 1) await read();
    expect(store.reads).toBe(2);
  });

  it('knows the pictures that show nothing of a vector, though most do', async () => {
    const store = createMemoryStore({ dimensions: 3 });
    // 100 whose cosines are about 0, give or take .1, and 150 that show it.
    const others = Array.from({ length: 100 }, () => {
      const x = 0.1 * gaussian();
      return Float32Array.of(x, Math.sqrt(1 - x * x), 0);
    });
    const all = [...others, ...Array.from({ length: 150 }, () => vector)];
    await store.upsert(all.map((one, id) => createPoint(String(id), one)));
    const { mean, spread, lowest } = expectOk(await createIndexSample(store)()).restOf(vector);
    expect(mean).toBeGreaterThan(-0.1);
    expect(mean).toBeLessThan(0.3);
    expect(spread).toBeLessThan(0.3);
    expect(lowest).toBeLessThan(-0.1);
  });

  it('has no more than a part of a large index', async () => {
    const store = createWatched();
    await add(store, 0, 700);
    const sample = expectOk(await createIndexSample(store)());
    expect(sample.size).toBe(256);
    expect(sample.pictures).toBe(700);
  });

  it('finds nothing to divide by in an empty index', async () => {
    const store = createMemoryStore({ dimensions: 3 });
    const { mean, spread } = expectOk(await createIndexSample(store)()).backgroundOf(vector);
    expect(mean).toBe(0);
    expect(spread).toBeGreaterThan(0);
  });

  it('fails as the store does, and is read by the next who asks', async () => {
    const store = createWatched();
    await add(store, 0, 300);
    const read = createIndexSample(store);
    expect(expectFailure(await read(AbortSignal.abort())).code).toBe('cancelled');
    expect(expectOk(await read()).pictures).toBe(300);
  });
});
