import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { createIndexSample } from './index-sample.ts';
import type { Calibration } from './ports.ts';
import { cutoffOf } from './score-cutoff.ts';
import { unitSum } from './vector-sums.ts';

const dimensions = 64;
const random = seededRandom(7);
const wanted = randomVector(random, dimensions);

/** An index of chance pictures, and of some that show what is wanted, each with its own cosine. */
async function indexOf(chance: number, showing: readonly number[] = []) {
  const store = createMemoryStore({ dimensions });
  const others = Array.from({ length: chance }, () => randomVector(random, dimensions));
  const right = showing.map((weight) => {
    const other = randomVector(random, dimensions);
    return unitSum([
      { vector: wanted, weight },
      { vector: other, weight: 1 - weight },
    ]);
  });
  const vectors = [...others, ...right];
  const points = vectors.map((vector, place) => createPoint(String(place), vector));
  expectOk(await store.upsert(points));
  return store;
}

async function keptOf(
  store: Awaited<ReturnType<typeof indexOf>>,
  calibration?: Calibration,
): Promise<number> {
  const sample = expectOk(await createIndexSample(store)());
  const matches = expectOk(await store.query({ vector: wanted, limit: 1000 }));
  const asked = { vector: wanted, best: matches[0]?.score ?? 1 };
  const least = cutoffOf(asked, sample, calibration);
  return matches.filter(({ score }) => score >= Math.max(least.score, least.words)).length;
}

describe('cutoffOf', () => {
  it('keeps a clear group whole, and next to nothing besides', async () => {
    const group = Array.from({ length: 30 }, (_, place) => 0.5 + place / 200);
    const kept = await keptOf(await indexOf(600, group));
    expect(kept).toBeGreaterThanOrEqual(30);
    expect(kept).toBeLessThan(36);
  });

  it('leaves few where nothing shows what is wanted', async () => {
    const kept = await keptOf(await indexOf(600));
    expect(kept).toBeGreaterThanOrEqual(1);
    expect(kept).toBeLessThan(5);
  });

  it('keeps a large group whole, which is more than the best hundred', async () => {
    const group = Array.from({ length: 200 }, () => 0.6);
    expect(await keptOf(await indexOf(400, group))).toBeGreaterThanOrEqual(200);
  });

  it('goes by the range of scores where there are too few pictures for more', async () => {
    expect(await keptOf(await indexOf(6, [0.7, 0.75, 0.8]))).toBe(3);
  });

  it('goes by the calibration of the model, where it has one', async () => {
    const group = Array.from({ length: 30 }, (_, place) => 0.5 + place / 200);
    const index = await indexOf(600, group);
    expect(await keptOf(index, { slope: 20, middle: 0.7 })).toBe(30);
    // Whatever stands out, the model is known to be sure of nothing below .9.
    expect(await keptOf(index, { slope: 1000, middle: 0.9 })).toBe(0);
    expect(await keptOf(await indexOf(600), { slope: 20, middle: 0.7 })).toBe(0);
  });

  it('never cuts off the best, however few pictures there are', async () => {
    for (const chance of [1, 2, 3, 64, 65]) {
      expect(await keptOf(await indexOf(chance))).toBeGreaterThanOrEqual(1);
    }
  });
});
