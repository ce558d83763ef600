import { describe, expect, it } from 'vitest';
import { createRecord } from '../test/support/points.ts';
import { folding, foldDuplicates } from './fold-duplicates.ts';
import type { Vector } from './model.ts';

/** A unit vector at an angle whose cosine with the first axis is this. */
function at(cosine: number): Vector {
  return Float32Array.of(cosine, Math.sqrt(1 - cosine ** 2), 0);
}

function match(id: string, score: number, content?: string) {
  const record = createRecord(id);
  return {
    score,
    record: { ...record, origin: { ...record.origin, ...(content && { content }) } },
  };
}

function fold(matches: readonly ReturnType<typeof match>[], vectors: Record<string, Vector> = {}) {
  const folded = foldDuplicates(matches, new Map(Object.entries(vectors)));
  return folded.map(({ record, duplicates }) => [record.id, ...duplicates]);
}

describe('foldDuplicates', () => {
  it('puts nearly the same pictures under the best of them, best first', () => {
    const matches = [match('1', 0.9), match('2', 0.8), match('3', 0.7), match('4', 0.6)];
    const vectors = { 1: at(1), 2: at(0), 3: at(0.99), 4: at(0.995) };
    expect(fold(matches, vectors)).toEqual([['1', '3', '4'], ['2']]);
  });

  it('tells apart what is only alike', () => {
    const below = { 1: at(1), 2: at(folding.cosine - 0.001) };
    expect(fold([match('1', 0.9), match('2', 0.8)], below)).toEqual([['1'], ['2']]);
    const above = { 1: at(1), 2: at(folding.cosine + 0.001) };
    expect(fold([match('1', 0.9), match('2', 0.8)], above)).toEqual([['1', '2']]);
  });

  it('compares with the one that stays, so that a chain of small steps does not end far away', () => {
    const matches = [match('1', 0.9), match('2', 0.8), match('3', 0.7)];
    const step = 0.9 * Math.acos(folding.cosine);
    const vectors = { 1: at(1), 2: at(Math.cos(step)), 3: at(Math.cos(2 * step)) };
    expect(fold(matches, vectors)).toEqual([['1', '2'], ['3']]);
  });

  it('knows files of one content without their vectors, and tells nothing of older records', () => {
    const same = [match('1', 0.9, 'a'), match('2', 0.8, 'b'), match('3', 0.7, 'a')];
    expect(fold(same)).toEqual([['1', '3'], ['2']]);
    expect(fold([match('1', 0.9), match('2', 0.9)])).toEqual([['1'], ['2']]);
  });

  it('folds the copy of a folded picture under the same one', () => {
    const matches = [match('1', 0.9, 'a'), match('2', 0.8, 'b'), match('3', 0.7, 'b')];
    expect(fold(matches, { 1: at(1), 2: at(0.99) })).toEqual([['1', '2', '3']]);
  });
});
