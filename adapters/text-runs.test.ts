import { describe, expect, it } from 'vitest';
import { bucketOf, planRuns, type RunForm, toFeeds } from './text-runs.ts';

const contextLength = 77;

function form(parts: Partial<RunForm> = {}): RunForm {
  return {
    ids: { name: 'ids', type: 'int64' },
    mask: undefined,
    output: 'vectors',
    fixedBatch: undefined,
    fixedLength: undefined,
    everyLength: undefined,
    mayPad: true,
    readsPadding: false,
    paddingId: 0,
    contextLength,
    runCostTokens: 6,
    ...parts,
  };
}

/** Texts of so many tokens. */
function texts(...lengths: readonly number[]) {
  return lengths.map((length) => ({
    ids: Array.from({ length }, (_, place) => place + 1),
    truncated: false,
  }));
}

describe('bucketOf', () => {
  it('gives few lengths, none shorter than the text and none beyond the context', () => {
    const lengths = Array.from({ length: contextLength }, (_, place) => place + 1);
    const buckets = lengths.map((length) => bucketOf(length, contextLength));
    expect(new Set(buckets).size).toBeLessThanOrEqual(12);
    for (const [place, bucket] of buckets.entries()) {
      expect(bucket).toBeGreaterThanOrEqual(lengths[place] ?? 0);
      expect(bucket).toBeLessThanOrEqual(contextLength);
    }
    expect(bucketOf(8, contextLength)).toBe(8);
    expect(bucketOf(77, contextLength)).toBe(77);
  });
});

describe('planRuns', () => {
  it('puts texts of similar length together, and no others', () => {
    expect(planRuns(texts(8, 40, 7, 38, 6), form())).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
  });

  it('pads a few texts further where a run of their own would cost more', () => {
    expect(planRuns(texts(8, 12), form())).toEqual([[0, 1]]);
    expect(planRuns(texts(8, 8, 8, 8, 12), form())).toEqual([[0, 1, 2, 3], [4]]);
    const everything = texts(...Array.from({ length: 30 }, (_, place) => place + 3));
    expect(planRuns(everything, form({ runCostTokens: 1000 }))).toHaveLength(1);
  });

  it('keeps lengths apart where padding would be read as text', () => {
    expect(planRuns(texts(8, 9, 8), form({ mayPad: false }))).toEqual([[0, 2], [1]]);
  });

  it('fills runs up to their size', () => {
    const sizes = planRuns(texts(...Array.from({ length: 70 }, () => 9)), form());
    expect(sizes.map((run) => run.length)).toEqual([32, 32, 6]);
    expect(planRuns(texts(9, 9), form({ fixedBatch: 1 }))).toEqual([[0], [1]]);
  });
});

describe('toFeeds', () => {
  it('pads to the bucket of the longest, behind the texts', () => {
    const [ids, ...others] = toFeeds(texts(2, 5), form({ paddingId: 9 }));
    expect(others).toEqual([]);
    expect(ids).toMatchObject({ name: 'ids', type: 'int64', shape: [2, 8] });
    expect([...(ids?.data ?? [])].join(' ')).toBe('1 2 9 9 9 9 9 9 1 2 3 4 5 9 9 9');
  });

  it('masks what is not text, in the type that the mask has', () => {
    const mask = { name: 'mask', type: 'int32' } as const;
    expect(toFeeds(texts(3), form({ mask }))[1]).toEqual({
      name: 'mask',
      type: 'int32',
      data: Int32Array.of(1, 1, 1, 0),
      shape: [1, 4],
    });
  });

  it('hides no padding from a tower that was trained to read it', () => {
    const mask = { name: 'mask', type: 'int32' } as const;
    const read = form({ mask, readsPadding: true, everyLength: 6 });
    expect(toFeeds(texts(3), read)[1]?.data).toEqual(Int32Array.of(1, 1, 1, 1, 1, 1));
  });

  it('fills the rows of a fixed batch', () => {
    const [ids] = toFeeds(texts(2), form({ fixedBatch: 3, everyLength: 2 }));
    expect([...(ids?.data ?? [])].map(Number)).toEqual([1, 2, 0, 0, 0, 0]);
  });
});
