import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { createExclusion, type Exclusion } from './exclusion.ts';
import { createIndexSample, type IndexSample } from './index-sample.ts';
import type { Vector } from './model.ts';
import { unitSum } from './vector-sums.ts';

const dimensions = 64;
const random = seededRandom(11);
/** Two directions of texts, and one of what both together are. */
const [swimming, person, swimmer] = [axis(0), axis(1), axis(2)];
const others = Array.from({ length: 300 }, () => randomVector(random, dimensions));
let sample: IndexSample;

beforeAll(async () => {
  const store = createMemoryStore({ dimensions });
  await store.upsert(others.map((vector, place) => createPoint(String(place), vector)));
  sample = expectOk(await createIndexSample(store)());
});

function axis(place: number): Vector {
  return new Float32Array(dimensions).fill(1, place, place + 1);
}

function mix(...parts: readonly (readonly [Vector, number])[]): Vector {
  return unitSum(parts.map(([vector, weight]) => ({ vector, weight })));
}

/** A picture that shows this so much, and otherwise nothing in particular. */
function picture(...parts: readonly (readonly [Vector, number])[]): Vector {
  const rest = mix([axis(40), 1], [axis(50), 1]);
  return mix(...parts, [rest, 1 - parts.reduce((sum, [, weight]) => sum + weight ** 2, 0)]);
}

const excluded = { vector: person, within: undefined, words: swimming, best: 0.8 };

/** Which share of the index is left out. */
function shareOf(isExcluded: Exclusion): number {
  return others.filter(isExcluded).length / others.length;
}

describe('createExclusion', () => {
  it('leaves out what is nearly as good for the excluded text as the best picture', () => {
    const isExcluded = createExclusion(excluded, sample);
    expect(isExcluded(picture([person, 0.7]))).toBe(true);
    expect(isExcluded(picture([swimming, 0.6], [person, 0.6]))).toBe(true);
    expect(isExcluded(picture([swimming, 0.7], [person, 0.2]))).toBe(false);
    expect(shareOf(isExcluded)).toBe(0);
  });

  it('leaves out what answers the query better with the excluded text than without', () => {
    const within = mix([swimming, 1], [swimmer, 0.6]);
    const isExcluded = createExclusion({ ...excluded, within }, sample);
    const shows = picture([swimming, 0.6], [swimmer, 0.6]);
    expect(isExcluded(shows)).toBe(true);
    expect(createExclusion(excluded, sample)(shows)).toBe(false);
    expect(isExcluded(picture([swimming, 0.8]))).toBe(false);
  });

  it('leaves out what more than half of the index shows', async () => {
    const store = createMemoryStore({ dimensions });
    const people = others.slice(0, 150).map((one) => mix([one, 0.6], [person, 1]));
    const rest = others.slice(150, 250);
    const points = [...people, ...rest].map((one, id) => createPoint(String(id), one));
    await store.upsert(points);
    const crowd = expectOk(await createIndexSample(store)());
    const best = Math.max(...people.map((one) => one[1] ?? 0));
    const isExcluded = createExclusion({ ...excluded, best }, crowd);
    expect(people.filter(isExcluded).length).toBeGreaterThan(140);
    expect(rest.filter(isExcluded).length).toBeLessThan(10);
  });

  it('takes for nothing what a text changes that says nothing', () => {
    const within = mix([swimming, 1], [swimmer, 0.01]);
    const isExcluded = createExclusion({ ...excluded, within }, sample);
    expect(shareOf(isExcluded)).toBe(0);
  });

  it('leaves next to nothing out where no picture shows the excluded text', () => {
    const best = Math.max(...others.map((one) => one[1] ?? 0)) / 2;
    expect(shareOf(createExclusion({ ...excluded, best }, sample))).toBeLessThan(0.15);
  });
});
