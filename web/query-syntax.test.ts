import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SearchQuery } from '../core/model.ts';
import {
  emptySearch,
  formatQuery,
  hasSubject,
  type ParsedSearch,
  parseQuery,
  toSearchInput,
} from './query-syntax.ts';

const search = (parts: Partial<ParsedSearch>): ParsedSearch => ({ ...emptySearch, ...parts });

const is = (key: string, value: string | number | boolean) => ({ key, op: 'is', value }) as const;
const not = (key: string, value: string | number | boolean) => ({ key, op: 'not', value }) as const;

describe('the syntax of the search box', () => {
  test('reads words, exclusions, filters, pictures and weights', () => {
    const text =
      'zebra -stripes -"black and white" category:animals -category:food width:>640 like:123 "exactly this" +snow^2 diversity:0.5';
    expect(parseQuery(text)).toEqual(
      search({
        words: 'zebra exactly this',
        also: [{ text: 'snow', weight: 2 }],
        exclude: ['stripes', 'black and white'],
        like: ['123'],
        conditions: [is('category', 'animals'), { key: 'width', op: 'gt', value: 640 }],
        diversity: 0.5,
        ignored: [
          {
            text: '-category:food',
            reason: 'One key can’t have a value and other conditions at once.',
          },
        ],
      }),
    );
  });

  test.each([
    't-shirt',
    'a clock at 12:30',
    'http://example.org/x?y=z',
    'snow at -5 degrees',
    'cat - dog',
    'black + white',
    '--quiet',
    'C:\\pictures',
    '/search:everything',
    'a note: bring milk',
    '16:9',
    'what :-) is',
    '5" pipe',
    'rock ’n’ roll',
    'ключ:слово',
    '^2',
  ])('leaves plain words as they are: %s', (text) => {
    expect(parseQuery(text)).toEqual(search({ words: text }));
    expect(formatQuery(parseQuery(text))).toBe(text);
  });

  test.each<[string, Partial<ParsedSearch>]>([
    ['  a \n\t dog  ', { words: 'a dog' }],
    ['"-stripes" zebra', { words: '-stripes zebra' }],
    ['"category:animals"', { words: 'category:animals' }],
    ['zebra "black and', { words: 'zebra black and' }],
    ['zebra -"black and', { words: 'zebra', exclude: ['black and'] }],
    ['"a\\', { words: 'a\\' }],
    ['"', {}],
    ['-"" "" +""', {}],
    ['“two words” -„red car”', { words: 'two words', exclude: ['red car'] }],
    ['cat −dog', { words: 'cat', exclude: ['dog'] }],
    ['-t-shirt', { exclude: ['t-shirt'] }],
    ['-cat -cat', { exclude: ['cat'] }],
    ['"say \\"hi\\""', { words: 'say "hi"' }],
    [
      '+snow night^0.5',
      {
        also: [
          { text: 'snow', weight: 1 },
          { text: 'night', weight: 0.5 },
        ],
      },
    ],
    ['"deep snow"^2', { also: [{ text: 'deep snow', weight: 2 }] }],
    ['category:"food and drink"', { conditions: [is('category', 'food and drink')] }],
    ['-category:"food', { conditions: [not('category', 'food')] }],
    ['year:2024', { conditions: [is('year', 2024)] }],
    ['year:"2024"', { conditions: [is('year', '2024')] }],
    ['zip:007', { conditions: [is('zip', '007')] }],
    ['seen:true', { conditions: [is('seen', true)] }],
    ['-width:>640', { conditions: [{ key: 'width', op: 'lte', value: 640 }] }],
    ['taken:12:30', { conditions: [is('taken', '12:30')] }],
    ['"like":me', { conditions: [is('like', 'me')] }],
    ['category:a category:b', { conditions: [is('category', 'a'), is('category', 'b')] }],
    [
      'width:640..1920',
      {
        conditions: [
          { key: 'width', op: 'gte', value: 640 },
          { key: 'width', op: 'lte', value: 1920 },
        ],
      },
    ],
  ])('reads %j', (text, parts) => {
    expect(parseQuery(text)).toEqual(search(parts));
  });

  test.each([
    ['like:cat', 'like:cat', 'It is not the id of a picture.'],
    ['like:18446744073709551616', 'like:18446744073709551616', 'It is not the id of a picture.'],
    ['-like:1', '-like:1', 'Results can be like a picture, not unlike one.'],
    ['diversity:2', 'diversity:2', 'Diversity is a number from 0 to 1.'],
    ['width:>wide', 'width:>wide', 'More and less need a number.'],
    ['-width:1..2', '-width:1..2', 'All but a range can’t be asked for.'],
    ['width:>1 width:>2', 'width:>2', 'There is a bound for this already.'],
    ['-snow^2', '^2', 'What is excluded has no weight.'],
    ['snow^99', 'snow^99', 'A weight is from 0.1 to 10.'],
    [
      `a:"${'x'.repeat(513)}"`,
      `a:"${'x'.repeat(513)}"`,
      'The value of a filter has at most 512 characters.',
    ],
  ])('says what it ignores of %s, and why', (text, ignored, reason) => {
    expect(parseQuery(text).ignored).toEqual([{ text: ignored, reason }]);
  });

  test('takes 10,000 characters, of which it searches for as many as the API takes', () => {
    const text = Array.from({ length: 2000 }, (_, index) => `w${index % 1000}`)
      .join(' ')
      .slice(0, 10_000);
    const parsed = parseQuery(text);
    expect(parsed.words.length).toBeGreaterThan(500);
    expect(parsed.words.length).toBeLessThanOrEqual(512);
    expect(`${parsed.words} ${parsed.ignored[0]?.text}`).toBe(text);
    expect(parseQuery('x'.repeat(10_000)).words).toBe('x'.repeat(512));
    expect(Array.from(parseQuery('🦓'.repeat(10_000)).words).length).toBe(512);
  });

  test('keeps as many parts as the API takes', () => {
    const many = (part: (index: number) => string) =>
      Array.from({ length: 20 }, (_, index) => part(index)).join(' ');
    const parsed = parseQuery(
      [
        many((index) => `-no${index}`),
        many((index) => `like:${index}`),
        many((index) => `+so${index}`),
        many((index) => `k${index}:v`),
      ].join(' '),
    );
    expect(parsed.exclude.length).toBe(8);
    expect(parsed.like.length).toBe(8);
    expect(parsed.also.length).toBe(8);
    expect(parsed.conditions.length).toBe(16);
    expect(parsed.ignored.length).toBe(12 * 3 + 4);
    expect(SearchQuery.safeParse(toSearchInput(parsed)).success).toBe(true);
  });
});

describe('a search from the search box', () => {
  test('is the body of a request', () => {
    const text =
      'zebra -people +snow^2 category:animals category:nature -license:mit width:640..1920 year:2024 like:5 diversity:0.5';
    expect(toSearchInput(parseQuery(text))).toEqual({
      query: 'zebra',
      texts: [{ text: 'snow', weight: 2 }],
      exclude: ['people'],
      like: ['5'],
      diversity: 0.5,
      filters: {
        category: ['animals', 'nature'],
        license: { not: ['mit'] },
        width: { gte: 640, lte: 1920 },
        year: [2024, '2024'],
      },
    });
    expect(toSearchInput(parseQuery('a dog'))).toEqual({ query: 'a dog' });
  });

  test('has a subject where words, texts or pictures say one', () => {
    const texts = ['dog', '+dog', 'like:5', '-dog', 'category:animals', ''];
    const subjects = texts.map((text) => hasSubject(parseQuery(text)));
    expect(subjects).toEqual([true, true, true, false, false, false]);
  });

  test('of any text is one that the API takes', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(
        '-',
        '+',
        '"',
        '“',
        ':',
        '^2',
        '\\',
        'like:',
        'k:',
        '..',
        '>',
        ' ',
        '\n',
        '\ud800',
        '640',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const parsed = parseQuery(pieces.join(''));
        expect(parseQuery(formatQuery(parsed))).toEqual({ ...parsed, ignored: [] });
        const input = SearchQuery.safeParse({ ...toSearchInput(parsed) });
        expect(input.success).toBe(hasSubject(parsed));
      }),
      { numRuns: 500 },
    );
  });

  test('is read from its text as it was', () => {
    fc.assert(
      fc.property(arbitrarySearch(), (parsed) => {
        expect(parseQuery(formatQuery(parsed))).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });
});

/** Whatever a person, a facet or a refinement can make, in the form that the parser gives. */
function arbitrarySearch(): fc.Arbitrary<ParsedSearch> {
  const any = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.string({
      unit: fc.constantFrom('"', '“', '\\', '-', '+', ':', '^', '2', 'a', ' ', '.', '>', '/'),
      maxLength: 12,
    }),
  );
  const tidied = any.map((text) => text.toWellFormed().replaceAll(/\s+/g, ' ').trim());
  const said = tidied.filter((text) => text !== '');
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const value = fc.oneof(
    any.map((text) => text.toWellFormed()),
    number,
    fc.boolean(),
  );
  const key = fc
    .oneof(
      fc.constantFrom('category', 'like', 'diversity', '2024', '-x', 'a.b', 'constructor'),
      fc
        .stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}$/)
        .filter((name) => !name.startsWith('__')),
    )
    .filter((name) => !name.startsWith('-'));
  const condition = fc.record({ key, op: fc.constantFrom('is' as const, 'not' as const), value });
  const bound = fc.record({
    key,
    op: fc.constantFrom('gt' as const, 'gte' as const, 'lt' as const, 'lte' as const),
    value: number,
  });
  return fc.record({
    words: tidied,
    also: fc.array(
      fc.record({
        text: said,
        weight: fc.integer({ min: 1, max: 100 }).map((tenths) => tenths / 10),
      }),
      { maxLength: 8 },
    ),
    exclude: fc.uniqueArray(said, { maxLength: 8 }),
    like: fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String), { maxLength: 8 }),
    conditions: fc.uniqueArray(fc.oneof(condition, bound), {
      maxLength: 16,
      selector: (one) => one.key,
    }),
    diversity: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share + 0),
    ignored: fc.constant([]),
  });
}
