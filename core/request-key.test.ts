import { describe, expect, it } from 'vitest';
import { SearchQuery } from './model.ts';
import { requestKey } from './request-key.ts';

const keyOf = (request: object): string =>
  requestKey(SearchQuery.parse({ query: 'x', ...request }));

describe('requestKey', () => {
  it.each([
    ['case', { query: 'A Dog' }, { query: 'a dog' }],
    ['white space', { query: 'a \t dog' }, { query: 'a dog' }],
    ['Unicode form', { query: 'cafe\u0301' }, { query: 'café' }],
    ['defaults', { top_k: 10, filters: null }, {}],
    ['the order of filters', { filters: { a: 1, b: 2 } }, { filters: { b: 2, a: 1 } }],
    ['case of further texts', { texts: [{ text: 'A Dog' }] }, { texts: [{ text: 'a dog' }] }],
    ['order of what is excluded', { exclude: ['b', 'A'] }, { exclude: ['a', 'B'] }],
    ['order of what is liked', { like: ['2', '10'] }, { like: ['10', '2'] }],
    [
      'the order of operators',
      { filters: { a: { gte: 1, lt: 2 } } },
      { filters: { a: { lt: 2, gte: 1 } } },
    ],
  ])('is the same whatever the %s', (_, one, other) => {
    expect(keyOf(one)).toBe(keyOf(other));
  });

  it('is another for everything that can change the answer', () => {
    const requests = [
      {},
      { query: 'y' },
      { top_k: 11 },
      { score_threshold: 0.1 },
      { include_explanation: true },
      { filters: {} },
      { filters: { a: 1 } },
      { filters: { a: '1' } },
      { filters: { a: [1] } },
      { filters: { a: { not: 1 } } },
      { filters: { a: 'B' } },
      { filters: { a: 'b' } },
      { filters: { '1': 2, a: 3 } },
      { filters: { a: 2, '1': 3 } },
      { query: '[["query","x"]]' },
      { texts: [{ text: 'y' }] },
      { texts: [{ text: 'y', weight: 2 }] },
      { texts: [{ text: 'y', weight: 2 }, { text: 'z' }] },
      { query: '', texts: [{ text: 'x' }] },
      { exclude: ['y'] },
      { exclude: ['y', 'z'] },
      { exclude: ['y z'] },
      { like: ['1'] },
      { like: ['1', '2'] },
      { like: ['12'] },
      { diversity: 0.5 },
      { fold_duplicates: true },
      { score_threshold: 'auto' },
      { rerank: true },
    ];
    expect(new Set(requests.map(keyOf)).size).toBe(requests.length);
  });
});
