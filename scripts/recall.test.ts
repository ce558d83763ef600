import { describe, expect, it } from 'vitest';
import { createNeighbourSearch } from './exact-neighbours.ts';
import { recallAt } from './recall.ts';
import { createRowGroups, filterOf, metadataOf } from './row-groups.ts';

const nearest = {
  rows: Int32Array.of(7, 3, 5, 9),
  scores: Float64Array.of(0.9, 0.8, 0.7, 0.7),
};

describe('The recall', () => {
  it('is the share of the nearest that were found', () => {
    expect(recallAt(1, nearest, [7])).toBe(1);
    expect(recallAt(1, nearest, [3, 7])).toBe(0);
    expect(recallAt(2, nearest, [3, 1])).toBe(0.5);
    expect(recallAt(4, nearest, [9, 5, 3, 7])).toBe(1);
  });

  it('counts a row as near as the last, and nothing twice', () => {
    expect(recallAt(3, nearest, [7, 3, 9])).toBe(1);
    expect(recallAt(3, nearest, [7, 7, 7])).toBeCloseTo(1 / 3);
    expect(recallAt(3, nearest, [7, 3, 5, 9])).toBe(1);
  });

  it('asks for no more than there is', () => {
    expect(recallAt(10, nearest, [7, 3, 5, 9])).toBe(1);
    const none = { rows: new Int32Array(0), scores: new Float64Array(0) };
    expect(recallAt(10, none, [])).toBeUndefined();
  });
});

describe('The exact neighbours', () => {
  it('are those that arithmetic gives, of each group, without the row itself', () => {
    const vectors = [
      [1, 0],
      [0, 1],
      [0.6, 0.8],
      [0.8, 0.6],
      [-1, 0],
    ].map((values) => Float32Array.from(values));
    const queries = [
      { vector: Float32Array.of(1, 0) },
      { vector: Float32Array.of(0.6, 0.8), except: 2 },
    ];
    const search = createNeighbourSearch(queries, { keep: 3, groups: 2 });
    for (const [row, vector] of vectors.entries()) {
      search.offer(row, vector, row % 2 === 0 ? [0, 1] : [0]);
    }
    expect([...search.nearest(0, 0).rows]).toEqual([0, 3, 2]);
    expect([...search.nearest(0, 1).rows]).toEqual([0, 2, 4]);
    expect([...search.nearest(1, 0).rows]).toEqual([3, 1, 0]);
    expect(search.nearest(1, 0).scores[0]).toBeCloseTo(0.96);
  });
});

describe('The groups of rows', () => {
  const similarities = Float32Array.from({ length: 10_000 }, (_, row) => Math.sin(row));
  const groups = createRowGroups([0.5, 0.01], similarities, 1);
  const count = (place: number) =>
    similarities.reduce((sum, _, row) => sum + (groups[place]?.has(row) ? 1 : 0), 0);

  it('have the share that they are to have', () => {
    expect(groups.map(({ kind, share }) => `${kind} ${share}`)).toEqual([
      'all 1',
      'random 0.5',
      'cluster 0.5',
      'random 0.01',
      'cluster 0.01',
    ]);
    expect(count(0)).toBe(10_000);
    expect(Math.abs(count(1) - 5000)).toBeLessThan(250);
    expect(Math.abs(count(2) - 5000)).toBeLessThan(10);
    expect(count(4)).toBe(100);
  });

  it('keep rows that are alike together in a cluster', () => {
    const rows = [...similarities.keys()].filter((row) => groups[4]?.has(row));
    expect(Math.min(...rows.map((row) => similarities[row] ?? 0))).toBeGreaterThan(0.99);
  });

  it('are found by their filters', () => {
    const row = [...similarities.keys()].findIndex((one) => groups[3]?.has(one));
    const [condition] = filterOf(groups[3] ?? { kind: 'all', share: 1, has: () => true }) ?? [];
    expect(metadataOf(groups, row)).toHaveProperty([condition?.key ?? ''], true);
    expect(createRowGroups([0.01], similarities, 2)[1]?.has(row)).toBe(false);
  });
});
