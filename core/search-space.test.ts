import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { assert, double, integer, property, record, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUnitVectors } from '../test/support/npy.ts';
import { cosine, unit } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { computeSearchSpace, type SearchSpaceSamples } from './compute-search-space.ts';
import type { Vector } from './model.ts';
import type { SearchSpace } from './search-space-form.ts';
import { parseSearchSpace, serializeSearchSpace } from './search-space.ts';

const data = path.join(import.meta.dirname, '../../shared/data/clip-b32');

describe('A search space', () => {
  it('keeps the cosine of every two vectors, and gives back the stored one', () => {
    const sizes = record({
      dimensions: integer({ min: 2, max: 70 }),
      images: integer({ min: 1, max: 40 }),
      texts: integer({ min: 1, max: 100 }),
      rank: integer({ min: 0, max: 80 }),
      power: double({ min: 0, max: 1, noNaN: true }),
      ridge: double({ min: 0.05, max: 3, noNaN: true }),
      textShare: double({ min: 0.05, max: 2, noNaN: true }),
      seed: integer(),
    });
    assert(
      property(sizes, ({ dimensions, images, texts, seed, ...choices }) => {
        const random = seededRandom(seed);
        const samples = {
          images: randomVectors(random, images, dimensions, 1),
          texts: randomVectors(random, texts, dimensions, 0.5),
        };
        const space = spaceOf({ ...samples, ...choices });
        expect(space.storedDimensions % 8).toBe(0);
        expect(space.storedDimensions).toBeGreaterThan(dimensions);
        expect(
          worstError(
            space,
            [...samples.texts.slice(0, 5), ...samples.images.slice(0, 5)],
            [...samples.images.slice(-5), ...randomVectors(random, 5, dimensions, 0)],
          ),
        ).toBeLessThan(1e-5);
      }),
      { numRuns: 200 },
    );
  });

  it('is the very same one when it was on disk in between', () => {
    const random = seededRandom(7);
    const space = spaceOf({
      images: randomVectors(random, 50, 24, 1),
      texts: randomVectors(random, 50, 24, 0.5),
      rank: 9,
    });
    const bytes = serializeSearchSpace(space);
    const parsed = parse(bytes);
    const [vector = new Float32Array(24)] = randomVectors(random, 1, 24, 1);
    expect(parsed.id).toBe(space.id);
    expect(parsed.toStored(vector)).toEqual(space.toStored(vector));
    expect(parsed.toQuery(vector)).toEqual(space.toQuery(vector));
    expect(parsed.fromStored(space.toStored(vector))).toEqual(
      space.fromStored(space.toStored(vector)),
    );
    expect(serializeSearchSpace(parsed)).toEqual(bytes);
  });

  it('has an id of its own', () => {
    const random = seededRandom(11);
    const samples = {
      images: randomVectors(random, 9, 8, 1),
      texts: randomVectors(random, 9, 8, 0),
    };
    expect(spaceOf(samples).id).toBe(spaceOf(samples).id);
    expect(spaceOf(samples).id).not.toBe(spaceOf({ ...samples, power: 0.5 }).id);
  });

  it('fills what is shorter than the median up to that length', () => {
    const random = seededRandom(13);
    const images = randomVectors(random, 101, 12, 1);
    const space = spaceOf({ images, texts: randomVectors(random, 20, 12, 0.5) });
    const { evenLength } = space.statistics;
    const lengths = images.map((image) => Math.hypot(...space.toStored(image)));
    expect(Math.min(...lengths)).toBeGreaterThan(evenLength - 1e-5);
    const even = lengths.filter((length) => length < evenLength + 1e-5).length;
    expect(even).toBeGreaterThan(25);
    expect(even).toBeLessThan(76);
    expect(space.toQuery(images[0] ?? new Float32Array(12)).vector[13]).toBe(0);
  });

  it('refuses a vector of another length', () => {
    const space = smallSpace();
    expect(() => space.toStored(new Float32Array(7))).toThrow('not 8 long: 7');
    expect(() => space.toQuery(new Float32Array(9))).toThrow('not 8 long: 9');
  });

  it('puts what varies most among texts first', () => {
    const random = seededRandom(3);
    // Texts differ along the third value, images along all alike.
    const texts = Array.from({ length: 200 }, () =>
      unit(Float32Array.from({ length: 12 }, (_, i) => (i === 2 ? 1 : 0.05) * normal(random) + 1)),
    );
    const space = spaceOf({ images: randomVectors(random, 200, 12, 0), texts, rank: 1 });
    const [direction = new Float32Array(0)] = space.statistics.directions;
    expect(Math.abs(direction[2] ?? 0)).toBeGreaterThan(0.9);
    expect(space.statistics.gains[0]).toBeGreaterThan(2 * space.statistics.restGain);
  });
});

describe('The statistics of a search space', () => {
  const random = seededRandom(5);
  const images = randomVectors(random, 30, 10, 1);
  const texts = randomVectors(random, 30, 10, 0.5);
  const [one = new Float32Array(10)] = texts;

  it.each<[string, SearchSpaceSamples]>([
    ['one text', { images, texts: [one] }],
    ['fewer texts than dimensions', { images, texts: texts.slice(0, 4) }],
    ['texts that are all alike', { images, texts: [one, one, one] }],
    ['images that are all alike', { images: [one, one], texts }],
    ['one vector for everything', { images: [one], texts: [one] }],
    ['vectors of zeros', { images: [new Float32Array(10)], texts: [new Float32Array(10)] }],
    ['one dimension', { images: [Float32Array.of(1)], texts: [Float32Array.of(-1)] }],
    ['a rank above the dimensions', { images, texts, rank: 1000 }],
  ])('make a right space of %s', (_, samples) => {
    const space = spaceOf(samples);
    expect(worstError(space, [...samples.texts, ...samples.images], samples.images)).toBeLessThan(
      1e-5,
    );
  });

  it.each<[string, SearchSpaceSamples, string]>([
    ['no images', { images: [], texts }, 'there is no image vector'],
    ['no texts', { images, texts: [] }, 'there is no text vector'],
    ['a NaN', { images, texts: [one, new Float32Array(10).fill(NaN)] }, 'text vector 1'],
    ['a long vector', { images: [new Float32Array(10).fill(3)], texts }, 'not of length 1'],
    ['two lengths', { images: [one, new Float32Array(9)], texts }, 'image vector 1 is not 10 long'],
    ['another length', { images, texts: [new Float32Array(9)] }, 'not as long'],
  ])('are not made of %s', (_, samples, why) => {
    const result = computeSearchSpace(samples);
    expect(result.ok ? 'a space' : result.error).toContain(why);
  });
});

describe('The bytes of a search space', () => {
  it('are refused when any of them is another, or missing', () => {
    const bytes = serializeSearchSpace(smallSpace());
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(parseSearchSpace(damaged).ok).toBe(false);
      expect(parseSearchSpace(bytes.subarray(0, at)).ok).toBe(false);
    }
    expect(parseSearchSpace(Uint8Array.of(...bytes, 0)).ok).toBe(false);
  });

  it('are refused without a crash whatever they are', () => {
    const head = serializeSearchSpace(smallSpace()).slice(0, 8);
    assert(
      property(uint8Array({ maxLength: 200 }), (tail) => {
        expect(parseSearchSpace(tail).ok).toBe(false);
        expect(parseSearchSpace(Uint8Array.of(...head, ...tail)).ok).toBe(false);
      }),
    );
  });

  it.each<[string, (view: DataView) => void, string]>([
    ['a later version', (view) => view.setUint32(4, 2, true), 'version is not 1, but: 2'],
    ['more dimensions than there are values', (view) => view.setUint32(8, 9, true), 'bytes long'],
    ['4 billion dimensions', (view) => view.setUint32(8, 0xffff_ffff, true), "can't be"],
    ['more directions than dimensions', (view) => view.setUint32(12, 9, true), "can't be"],
    ['a scale of 0', (view) => view.setFloat64(24, 0, true), 'out of range: 0'],
    ['a gain below 0', (view) => view.setFloat64(48, -1, true), 'out of range: -1'],
    ['a gain that is no number', (view) => view.setFloat64(48, NaN, true), 'out of range: NaN'],
    ['a mean that is no number', (view) => view.setFloat32(88, NaN, true), 'no number'],
  ])('are refused with %s, even with the right checksum', (_, change, why) => {
    const bytes = serializeSearchSpace(smallSpace());
    change(new DataView(bytes.buffer));
    const end = bytes.length - 32;
    bytes.set(createHash('sha256').update(bytes.subarray(0, end)).digest(), end);
    const result = parseSearchSpace(bytes);
    expect(result.ok ? 'a space' : result.error).toContain(why);
  });

  it('make a right space also of directions that are none', () => {
    const bytes = serializeSearchSpace(smallSpace());
    const view = new DataView(bytes.buffer);
    // Three gains; then two means; all directions become the first one, and the last one zeros.
    const start = 16 + 8 * 7 + 4 * 8 * 2;
    for (let i = 0; i < 8; i += 1) {
      view.setFloat32(start + 4 * (8 + i), view.getFloat32(start + 4 * i, true), true);
      view.setFloat32(start + 4 * (16 + i), 0, true);
    }
    const end = bytes.length - 32;
    bytes.set(createHash('sha256').update(bytes.subarray(0, end)).digest(), end);
    const vectors = randomVectors(seededRandom(1), 9, 8, 0);
    expect(worstError(parse(bytes), vectors, vectors)).toBeLessThan(1e-5);
  });
});

describe.skipIf(!existsSync(data))('A search space of real vectors', () => {
  it('keeps the order and the cosine', async () => {
    const images = await readUnitVectors(path.join(data, 'images.npy'));
    const texts = await readUnitVectors(path.join(data, 'queries.npy'));
    const sample = images.filter((_, row) => row % 20 === 0);
    const space = spaceOf({ images: sample, texts: texts.filter((_, row) => row % 2 === 0) });
    const stored = sample.map((vector) => space.toStored(vector));
    expect(worstError(space, texts.slice(0, 40), sample.slice(0, 100))).toBeLessThan(1e-5);
    for (const query of texts.filter((_, row) => row % 30 === 1)) {
      const asked = space.toQuery(query).vector;
      const byCosine = order(sample.map((vector) => cosine(query, vector)));
      const byInnerProduct = order(stored.map((vector) => cosine(asked, vector)));
      expect(byInnerProduct.slice(0, 50)).toEqual(byCosine.slice(0, 50));
    }
  });
});

function spaceOf(samples: SearchSpaceSamples): SearchSpace {
  const result = computeSearchSpace(samples);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function smallSpace(): SearchSpace {
  const random = seededRandom(2);
  const images = randomVectors(random, 20, 8, 1);
  return spaceOf({ images, texts: randomVectors(random, 20, 8, 0.5), rank: 3 });
}

function parse(bytes: Uint8Array): SearchSpace {
  const result = parseSearchSpace(bytes);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** The largest difference in cosine, or between an image and what comes back of it. */
function worstError(
  space: SearchSpace,
  queries: readonly Vector[],
  images: readonly Vector[],
): number {
  const errors = images.flatMap((image) => {
    const stored = space.toStored(image);
    const back = space.fromStored(stored).map((value, i) => value - (image[i] ?? 0));
    const isUnit = Math.abs(cosine(image, image) - 1) < 1e-4;
    return [
      isUnit ? Math.hypot(...back) : 0,
      ...queries.map((query) => {
        const { vector, offset } = space.toQuery(query);
        return Math.abs(cosine(vector, stored) + offset - cosine(query, image));
      }),
    ];
  });
  return errors.reduce((worst, error) => Math.max(worst, error), 0);
}

function order(scores: readonly number[]): number[] {
  return Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
}

/** Unit vectors round a common one, that stands out the more the larger `gap` is. */
function randomVectors(
  random: () => number,
  count: number,
  dimensions: number,
  gap: number,
): Vector[] {
  const common = Float32Array.from({ length: dimensions }, () => gap * normal(random));
  return Array.from({ length: count }, () => unit(common.map((value) => value + normal(random))));
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
