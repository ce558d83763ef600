import { describe, expect, it } from 'vitest';
import { Filters, matchesFilter, parseFilter } from './filter.ts';

const dog = { category: 'animals', width: 640, tags: ['pet', 'brown'], hidden: false, note: null };

function matches(raw: unknown, metadata: Record<string, unknown> = dog): boolean {
  return matchesFilter(metadata, parseFilter(Filters.parse(raw)) ?? []);
}

function messages(raw: unknown): string[] {
  const parsed = Filters.safeParse(raw);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
}

describe('a filter', () => {
  it.each([
    [{ category: 'animals' }, true],
    [{ category: 'food' }, false],
    [{ category: ['food', 'animals'] }, true],
    [{ category: { not: 'food' } }, true],
    [{ category: { not: ['food', 'animals'] } }, false],
    [{ width: 640 }, true],
    [{ width: '640' }, false],
    [{ width: { gte: 640 } }, true],
    [{ width: { gt: 640 } }, false],
    [{ width: { gte: 600, lt: 700, not: 650 } }, true],
    [{ width: { lte: 639.5 } }, false],
    [{ category: { gte: 1 } }, false],
    [{ tags: 'pet' }, true],
    [{ tags: { not: 'pet' } }, false],
    [{ hidden: false }, true],
    [{ missing: 'x' }, false],
    [{ missing: { not: 'x' } }, true],
    [{ missing: { gte: 0 } }, false],
    [{ category: 'animals', width: { lt: 100 } }, false],
    [{ constructor: 'Object' }, false],
    [{}, true],
  ])('of %j is met by a brown dog: %s', (raw, expected) => {
    expect(matches(raw)).toBe(expected);
  });

  it('becomes one condition for a range and one for what it excludes', () => {
    expect(parseFilter({ width: { gte: 1, lt: 9, not: [5, 6] } })).toEqual([
      { kind: 'range', key: 'width', gte: 1, lt: 9 },
      { kind: 'not-in', key: 'width', values: [5, 6] },
    ]);
    expect(parseFilter(null)).toBeUndefined();
    expect(parseFilter({})).toBeUndefined();
  });
});

describe('a filter that is refused', () => {
  it('has more than 16 conditions', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, n]));
    expect(messages(many(16))).toEqual([]);
    expect(messages(many(17))).toEqual([' must have at most 16 conditions']);
    const double = { ...many(15), width: { gte: 1, not: 2 } };
    expect(messages(double)).toEqual([' must have at most 16 conditions']);
  });

  it.each(['', '__proto__', '__id', "a' OR 1=1", 'a b', 'x'.repeat(65), '.hidden', 'naïve'])(
    'has the key %j',
    (key) => {
      expect(messages(JSON.parse(`{${JSON.stringify(key)}: 1}`))).toHaveLength(1);
    },
  );

  it.each([
    [null],
    [{}],
    [[]],
    [{ gte: 'a' }],
    [{ between: 1 }],
    [[null]],
    [[[1]]],
    ['x'.repeat(513)],
    [Array.from({ length: 101 }, (_, n) => n)],
  ])('has the value %j', (value) => {
    const said = messages({ key: value });
    expect(said.filter((message) => message.startsWith('key'))).not.toEqual([]);
  });

  it('is told what it may be', () => {
    expect(messages({ key: null })).toEqual([
      'key must be a string, number or boolean, a list of 1 to 100 of these, or an object of gte, gt, lte, lt (numbers) and not',
    ]);
  });

  it.each([[[]], ['category'], [3]])('is no object: %j', (raw) => {
    expect(messages(raw)).toHaveLength(1);
  });
});
