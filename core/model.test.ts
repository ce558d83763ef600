import { describe, expect, it } from 'vitest';
import { ImageId, SearchQuery } from './model.ts';

describe('a search query', () => {
  it('is trimmed and filled with defaults', () => {
    expect(SearchQuery.parse({ query: '  a dog\n' })).toEqual({
      query: 'a dog',
      texts: [],
      exclude: [],
      like: [],
      diversity: 0,
      fold_duplicates: false,
      top_k: 10,
      score_threshold: 0,
      filters: null,
      include_explanation: false,
      rerank: false,
      cursor: null,
    });
  });

  it.each([
    [{}, false],
    [{ query: ' ' }, false],
    [{ exclude: ['people'] }, false],
    [{ like: ['1'] }, true],
    [{ texts: [{ text: 'snow' }] }, true],
  ])('says what to look for: %j', (fields, isEnough) => {
    expect(SearchQuery.safeParse(fields).success).toBe(isEnough);
  });

  it('counts characters, not UTF-16 units', () => {
    expect(SearchQuery.safeParse({ query: '🐕'.repeat(512) }).success).toBe(true);
    expect(SearchQuery.safeParse({ query: '🐕'.repeat(513) }).success).toBe(false);
  });

  it.each([null, '*', `${'a'.repeat(22)}.1`, `-_${'Z9'.repeat(10)}.999`])(
    'may have the cursor %j',
    (cursor) => {
      expect(SearchQuery.parse({ query: 'a', cursor }).cursor).toBe(cursor);
    },
  );

  it.each([
    { query: '' },
    { query: ' \t ' },
    { query: '\ud83d' },
    { query: 7 },
    {},
    { query: 'a', top_k: 0 },
    { query: 'a', top_k: 101 },
    { query: 'a', top_k: 1.5 },
    { query: 'a', top_k: '5' },
    { query: 'a', score_threshold: 1.01 },
    { query: 'a', filters: 'x' },
    { query: 'a', include_explanation: 'yes' },
    { query: 'a', topk: 5 },
    { query: 'a', cursor: '' },
    { query: 'a', cursor: '**' },
    { query: 'a', cursor: 7 },
    { query: 'a', cursor: 'short.10' },
    { query: 'a', cursor: `${'a'.repeat(22)}.0` },
    { query: 'a', cursor: `${'a'.repeat(22)}.1000` },
    { query: 'a', cursor: `${'a'.repeat(22)}.10\n` },
    { query: 'a', cursor: `${'a'.repeat(21)}/.10` },
    null,
  ])('is refused: %j', (raw) => {
    expect(SearchQuery.safeParse(raw).success).toBe(false);
  });
});

describe('an image id', () => {
  it.each([
    ['0', true],
    ['18446744073709551615', true],
    ['18446744073709551616', false],
    ['-1', false],
    ['01', false],
    ['1e3', false],
    ['', false],
    ['../etc', false],
  ])('%j is one: %s', (id, expected) => {
    expect(ImageId.safeParse(id).success).toBe(expected);
  });
});
