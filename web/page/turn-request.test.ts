import { describe, expect, test } from 'vitest';
import { SearchQuery } from '../../core/model.ts';
import { emptySearch, parseQuery } from '../query-syntax.ts';
import { refusal, toListRequest, toRequest } from './turn-request.ts';

const nothing = { explanation: false, rerank: false };

describe('what the server is asked for', () => {
  test.each(['a dog', 'a dog -cars +snow^2 category:food width:>640', 'like:1 at night'])(
    'is valid for "%s"',
    (text) => {
      const search = parseQuery(text);
      for (const wishes of [nothing, { explanation: true, rerank: true }]) {
        expect(SearchQuery.safeParse(toRequest(search, wishes)).success).toBe(true);
      }
      const request = toListRequest(search, '*', { topK: 100, isCut: false });
      expect(SearchQuery.safeParse(request).success).toBe(true);
    },
  );

  test('means the words of a filter where it has no others', () => {
    const request = toRequest(parseQuery('category:animals'), nothing);
    expect(request).toMatchObject({ query: 'animals', filters: { category: ['animals'] } });
    expect(refusal(parseQuery('category:animals'))).toBeUndefined();
  });

  test('names no language model unless somebody wants one', () => {
    expect(Object.keys(toRequest(parseQuery('a dog'), nothing))).toEqual([
      'query',
      'top_k',
      'score_threshold',
      'fold_duplicates',
    ]);
  });
});

describe('what cannot be searched for', () => {
  test.each([
    ['-people', /^Say also what to look for\.$/],
    ['width:>640 -category:food', /^Say also what to look for\.$/],
  ])('is "%s", and a sentence says why', (text, sentence) => {
    expect(refusal(parseQuery(text))).toMatch(sentence);
  });

  test('is what is too long, or too much', () => {
    expect(refusal({ ...emptySearch, words: 'x'.repeat(10_000) })).toMatch(
      /may have 512 characters and this one has 10,000/,
    );
    expect(refusal({ ...emptySearch, words: '🙂'.repeat(512) })).toBeUndefined();
    const exclude = Array.from({ length: 9 }, (_, index) => `thing ${index}`);
    expect(refusal({ ...emptySearch, words: 'a', exclude })).toMatch(/8 parts/);
  });
});
