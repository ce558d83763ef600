import { describe, expect, it } from 'vitest';
import { describeQuery, describeWords, wordsOf } from './describe-query.ts';
import { limits, SearchQuery } from './model.ts';

const parse = (request: object): SearchQuery => SearchQuery.parse(request);
const full = parse({
  query: 'a beach',
  texts: [{ text: 'at night' }],
  exclude: ['people', 'a dog'],
  like: ['1', '2'],
});

describe('describeQuery', () => {
  it('says all that was searched for', () => {
    expect(describeQuery(full)).toBe('a beach, at night, without people or a dog, like 2 pictures');
    expect(describeQuery(parse({ like: ['1'] }))).toBe('like one picture');
    expect(describeQuery(parse({ query: 'a beach' }))).toBe('a beach');
  });

  it('is bounded, whatever is asked', () => {
    const text = '🌊'.repeat(limits.queryCharacters);
    const texts = Array.from({ length: limits.parts }, () => ({ text }));
    const said = describeQuery(parse({ query: text, texts, like: ['1'] }));
    expect(Array.from(said).length).toBeLessThan(1050);
    expect(said.isWellFormed()).toBe(true);
  });
});

describe('describeWords', () => {
  it('says as much as words say, and nothing where pictures alone do', () => {
    expect(describeWords(full)).toBe('a beach, at night, without people or a dog');
    expect(describeWords(parse({ like: ['1'], exclude: ['people'] }))).toBe('');
  });
});

describe('wordsOf', () => {
  it('has the texts that are searched for, the query first where there is one', () => {
    expect(wordsOf(full)).toEqual(['a beach', 'at night']);
    expect(wordsOf(parse({ texts: [{ text: 'at night' }] }))).toEqual(['at night']);
  });
});
