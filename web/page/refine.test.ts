import { describe, expect, test } from 'vitest';
import { formatQuery, parseQuery } from '../query-syntax.ts';
import type { RefineContext, Refined } from './refine.ts';
import { refine } from './refine.ts';

const facets = [
  {
    key: 'category',
    values: ['animals-nature', 'food-drink', 'cities', 'boxes'].map((value) => ({
      value,
      count: 9,
    })),
  },
  { key: 'year', values: [{ value: 2024, count: 3 }] },
];
const hits = ['11', '22', '33', '44', '55'].map((id) => ({ id }));

function after(last: string, change: Partial<RefineContext> = {}): RefineContext {
  return { last: parseQuery(last), hits, current: undefined, facets, ...change };
}

const before: RefineContext = { last: undefined, hits: [], current: undefined, facets };

/** What the search box would have to say for the same. */
function textOf(refined: Refined): string {
  return refined.kind === 'hint'
    ? `(${refined.hint})`
    : `${refined.kind}: ${formatQuery(refined.search)}`;
}

describe('a refinement of the search before', () => {
  test.each([
    ['without people', 'refined: a beach -people'],
    ['Without People.', 'refined: a beach -People'],
    ['but without the people please', 'refined: a beach -people'],
    ['no people', 'refined: a beach -people'],
    ['and no people', 'refined: a beach -people'],
    ['not blurry', 'refined: a beach -blurry'],
    ['but not blurry', 'refined: a beach -blurry'],
    ['fewer cars', 'refined: a beach -cars'],
    ['without people and cars', 'refined: a beach -people -cars'],
    ['without people, cars, or dogs', 'refined: a beach -people -cars -dogs'],
    ['no people and no cars', 'refined: a beach -people -cars'],
    ['without "black and white"', 'refined: a beach -"black and white"'],
    ['not black and white', 'refined: a beach -"black and white"'],
    ['except umbrellas', 'refined: a beach -umbrellas'],
    ['also snow', 'refined: a beach +snow'],
    ['with snow', 'refined: a beach +snow'],
    ['and snow', 'refined: a beach +snow'],
    ['but at night', 'refined: a beach +"at night"'],
    ['the same but at night', 'refined: a beach +"at night"'],
    ['only food', 'refined: a beach category:food-drink'],
    ['only animals', 'refined: a beach category:animals-nature'],
    ['just the animals', 'refined: a beach category:animals-nature'],
    ['only animals or food', 'refined: a beach category:animals-nature category:food-drink'],
    ['only city', 'refined: a beach category:cities'],
    ['only box', 'refined: a beach category:boxes'],
    ['only 2024', 'refined: a beach year:2024'],
    ['without people and only animals', 'refined: a beach -people category:animals-nature'],
    ['also snow but no people', 'refined: a beach +snow -people'],
    ['-people', 'refined: a beach -people'],
    ['+snow category:food', 'refined: a beach +snow category:food'],
    ['without people +snow', 'refined: a beach +snow -people'],
    ['no people -cars category:food', 'refined: a beach -people -cars category:food'],
    ['only animals like:5', 'refined: a beach category:animals-nature like:5'],
  ])('reads "%s"', (text, expected) => {
    expect(textOf(refine(text, after('a beach')))).toBe(expected);
  });

  test('says the same thing once', () => {
    expect(textOf(refine('no people', after('a beach -People')))).toBe('refined: a beach -People');
    expect(textOf(refine('also snow', after('a beach +snow')))).toBe('refined: a beach +snow');
  });

  test('takes back what is now to be left out, and the other way round', () => {
    expect(textOf(refine('no snow', after('a beach +snow')))).toBe('refined: a beach -snow');
    expect(textOf(refine('with snow', after('a beach -snow')))).toBe('refined: a beach +snow');
  });

  test('puts a facet in place of the one before', () => {
    const refined = refine('only food', after('a beach category:animals-nature width:>640'));
    expect(textOf(refined)).toBe('refined: a beach width:>640 category:food-drink');
  });

  test('tells how it was understood', () => {
    expect(refine('no people and no cars', after('a beach'))).toMatchObject({
      as: 'Without people, without cars',
    });
    expect(refine('more like the second', after('a beach'))).toMatchObject({
      as: 'More like the second',
    });
  });
});

describe('a refinement by pictures', () => {
  test.each([
    ['more like the second', 'refined: like:22'],
    ['more like the second one', 'refined: like:22'],
    ['show me more like the 3rd picture', 'refined: like:33'],
    ['similar to number 4', 'refined: like:44'],
    ['like #5', 'refined: like:55'],
    ['like the first two', 'refined: like:11 like:22'],
    ['like the last one', 'refined: like:55'],
    ['like the last two', 'refined: like:44 like:55'],
    ['like the second and the fourth', 'refined: like:22 like:44'],
    ['like numbers 2, 3 and 5', 'refined: like:22 like:33 like:55'],
    ['the second one', 'refined: like:22'],
    ['more like the second one but at night', 'refined: at night like:22'],
    ['more like the second one but without people', 'refined: -people like:22'],
    ['like the first, without people', 'refined: -people like:11'],
    ['more like the second +night', 'refined: +night like:22'],
    ['like the first but only animals', 'refined: category:animals-nature like:11'],
  ])('reads "%s"', (text, expected) => {
    expect(textOf(refine(text, after('a beach')))).toBe(expected);
  });

  test('keeps what is left out and filtered by, and not the words', () => {
    const refined = refine('more like the first', after('a beach +sea -people category:cities'));
    expect(textOf(refined)).toBe('refined: -people category:cities like:11');
  });

  test('means the open picture by "this"', () => {
    const refined = refine('more like this but at night', after('a beach', { current: '77' }));
    expect(textOf(refined)).toBe('refined: at night like:77');
  });

  test.each([
    ['more like this', after('a beach'), /Say which/],
    ['more like these', after('a beach'), /Say which/],
    ['like the ninth', after('a beach'), /only 5 pictures/],
    ['more like the second', after('a beach', { hits: [] }), /no pictures above/],
    ['more like the second', before, /no pictures above/],
    ['more like this', before, /no pictures above/],
  ])('says what is not clear in "%s"', (text, context, hint) => {
    expect(textOf(refine(text, context))).toMatch(hint);
  });
});

describe('a search of its own', () => {
  test.each([
    'a dog',
    'like a rolling stone',
    'only red',
    'only food or red',
    'bread and butter',
    'the first snow',
    'a man with a hat',
    'cup with no handle',
    'this',
    'the one',
    'nothing',
    'notes on paper',
    'butter',
    'android phone',
    'withered leaves',
    'zebra -stripes category:animals',
    'like:123',
    '"without people"',
  ])('is what "%s" is', (text) => {
    const expected = { kind: 'new', search: parseQuery(text) };
    expect(refine(text, after('a beach'))).toEqual(expected);
  });

  test.each(['no people', 'also snow', 'only food', 'but at night', '-people'])(
    'is "%s" where there is none before',
    (text) => {
      expect(refine(text, before)).toEqual({ kind: 'new', search: parseQuery(text) });
    },
  );

  test('may say what to leave out in the same sentence', () => {
    const refined = refine('a beach without people', before);
    expect(textOf(refined)).toBe('new: a beach -people');
    expect(refined).toMatchObject({ as: 'Without people' });
    expect(textOf(refine('a beach but no people', after('a dog')))).toBe('new: a beach -people');
    const marked = refine('a cat without a collar -dogs category:food', before);
    expect(textOf(marked)).toBe('new: a cat -"a collar" -dogs category:food');
  });

  test.each(['more like', 'without', 'but', 'more like the', 'only'])(
    'waits for the rest of "%s"',
    (text) => {
      expect(refine(text, after('a beach')).kind).toBe('hint');
      expect(refine(text, before).kind).toBe('new');
    },
  );

  test('is made of whatever is typed, without failing', () => {
    const odd = [
      '',
      ' ',
      ',',
      'but but but',
      'and and',
      'without "',
      '"'.repeat(99),
      'like the 999th',
    ];
    for (const text of [...odd, 'no '.repeat(2000), 'but '.repeat(5000), ', '.repeat(5000)]) {
      for (const context of [before, after('a beach')]) expect(refine(text, context)).toBeDefined();
    }
  });
});
