import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBloomFilter, falsePositiveRate } from './bloom-filter.ts';
import { imageId } from './image-id.ts';

const idsFrom = (start: number, count: number) =>
  Array.from({ length: count }, (_, n) => imageId(`s3://pictures/${start + n}.jpg`));

const anyId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);

describe('a Bloom filter', () => {
  it('never denies what was added, whatever its size and seed', () => {
    fc.assert(
      fc.property(
        fc.array(anyId, { maxLength: 200 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(2 ** 32 - 1),
        (ids, bytes, seed) => {
          const filter = createBloomFilter(bytes, seed);
          for (const id of ids) filter.add(id);
          expect(ids.filter((id) => !filter.has(id))).toEqual([]);
        },
      ),
    );
  });

  it('knows nothing at first', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        expect(createBloomFilter(64, 1).has(id)).toBe(false);
      }),
    );
  });

  it.each([
    [20_000, 2 ** 14],
    [20_000, 2 ** 15],
    [20_000, 50_001],
  ])('is wrong as often as theory says: %i ids in %i bytes', (count, bytes) => {
    const filter = createBloomFilter(bytes, 7);
    for (const id of idsFrom(0, count)) filter.add(id);
    const asked = idsFrom(1_000_000, 100_000);
    const wrong = asked.filter((id) => filter.has(id)).length / asked.length;
    const expected = falsePositiveRate(bytes, count);
    expect(expected).toBeGreaterThan(0.0005);
    expect(wrong).toBeGreaterThan(expected * 0.8);
    expect(wrong).toBeLessThan(expected * 1.2);
  });

  it('is wrong about others with another seed', () => {
    const [count, bytes] = [20_000, 2 ** 14];
    const filters = [1, 2].map((seed) => createBloomFilter(bytes, seed));
    for (const id of idsFrom(0, count)) for (const filter of filters) filter.add(id);
    const [first, second] = filters;
    const wrong = idsFrom(1_000_000, 100_000).filter((id) => first?.has(id));
    const again = wrong.filter((id) => second?.has(id)).length / wrong.length;
    const expected = falsePositiveRate(bytes, count);
    expect(again).toBeGreaterThan(expected * 0.7);
    expect(again).toBeLessThan(expected * 1.3);
  });

  it('has the rates that the reconcile pass counts on', () => {
    const rates = [1e6, 1e7, 1e8].map((added) => falsePositiveRate(64 * 2 ** 20, added));
    expect(rates[0]).toBeCloseTo(3e-9, 9);
    expect(rates[1]).toBeCloseTo(2.7e-5, 6);
    expect(rates[2]).toBeCloseTo(0.076, 3);
    expect(falsePositiveRate(256 * 2 ** 20, 1e8)).toBeCloseTo(0.0008, 4);
  });

  it.each([0, 1.5, 2 ** 29 + 1])('has no size of %d bytes', (bytes) => {
    expect(() => createBloomFilter(bytes, 1)).toThrow('as its size is not');
  });
});
