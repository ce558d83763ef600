import { describe, expect, it } from 'vitest';
import { SearchQuery } from '../core/model.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { parseFields } from './parse-request.ts';
import { fromQueryString } from './query-string.ts';

const parse = (text: string) =>
  parseFields(SearchQuery, fromQueryString(new URLSearchParams(text)));

describe('a query string', () => {
  it.each([
    ['q=a&filter.a.gte=1&filter.a.lt=5', { a: { gte: 1, lt: 5 } }],
    ['q=a&filter.a.not=x&filter.a.gte=1', { a: { not: ['x'], gte: 1 } }],
    ['q=a&filter.a=1&filter.b=true', { a: ['1', 1], b: ['true', true] }],
    ['q=a&filter.a=x&filter.a=y', { a: ['x', 'y'] }],
    ['q=a&filter.not=x', { not: ['x'] }],
    ['q=a&filter.a.b.gte=1', { 'a.b': { gte: 1 } }],
  ])('%s has these filters', (text, filters) => {
    expect(expectOk(parse(text)).filters).toEqual(filters);
  });

  it.each([
    ['q=a&q=b', 'query'],
    ['q=a&top_k=1&top_k=2', 'top_k'],
    ['q=a&cursor=*&cursor=*', 'cursor'],
    ['query=a', '?query'],
    ['q=a&query=a', '?query'],
    ['q=a&filters=x', '?filters'],
    ['q=a&filter.a.gte=1&filter.a.gte=2', 'filters.a.gte'],
    ['q=a&filter.a=1&filter.a.gte=1', 'filters.a'],
    ['q=a&filter.a.gte=1&filter.a=1', 'filters.a'],
    ['q=a&filter.a.gte=1&filter.a=1&filter.a.lt=2', 'filters.a'],
    ['q=a&filter.a.gte=x', 'filters.a'],
  ])('%s is refused for one field', (text, path) => {
    const { errors = [] } = expectFailure(parse(text));
    expect(errors.some((error) => error.path.startsWith(path.slice(0, 9)))).toBe(true);
  });

  it('takes a cursor for a text, however it looks', () => {
    const cursor = `${'1'.repeat(22)}.100`;
    expect(expectOk(parse(`q=a&cursor=${cursor}`)).cursor).toBe(cursor);
    expect(expectOk(parse('q=a&cursor=*')).cursor).toBe('*');
    expectFailure(parse('q=a&cursor='));
  });
});
