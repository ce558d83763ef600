import { describe as suite, expect, test } from 'vitest';
import { formatQuery, parseQuery } from '../query-syntax.ts';
import { chipsOf, describe, titleOf } from './describe.ts';

suite('a search in words', () => {
  test.each([
    ['a dog', 'a dog'],
    ['a dog -people +snow^2', 'a dog, with snow (× 2), without people'],
    ['like:1', 'More like this picture'],
    ['like:1 like:2 at night', 'at night'],
    ['music category:food-drink width:>640', 'music, category: food drink, width > 640'],
    ['category:food-drink', 'food drink, category: food drink'],
    ['+snow', 'snow, with snow'],
  ])('%s', (text, expected) => {
    expect(describe(parseQuery(text))).toBe(expected);
  });

  test('has a title in any case', () => {
    expect(titleOf(parseQuery('-people'))).toBe('Pictures');
  });
});

suite('the parts of a search', () => {
  test('can be taken out one by one', () => {
    const search = parseQuery('a dog +snow -people -cars category:food like:7 diversity:0.5');
    const rests = chipsOf(search).map(({ rest }) => formatQuery(rest));
    expect(rests).toEqual([
      'a dog +snow -people -cars category:food diversity:0.5',
      'a dog -people -cars category:food like:7 diversity:0.5',
      'a dog +snow -cars category:food like:7 diversity:0.5',
      'a dog +snow -people category:food like:7 diversity:0.5',
      'a dog +snow -people -cars like:7 diversity:0.5',
      'a dog +snow -people -cars category:food like:7',
    ]);
  });

  test('have names of their own', () => {
    const keys = chipsOf(parseQuery('a -b -c +d k:1 k:2 -k:3 like:4 like:5')).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
