import { describe, expect, test } from 'vitest';
import { formatQuery, parseQuery } from '../query-syntax.ts';
import { withFacetToggled } from './refine-merge.ts';

describe('a value of a facet', () => {
  const toggled = (text: string) =>
    formatQuery(withFacetToggled(parseQuery(text), 'category', 'food'));

  test.each([
    ['a dog', 'a dog category:food'],
    ['a dog category:food', 'a dog'],
    ['a dog category:cities width:>640', 'a dog category:cities width:>640 category:food'],
    ['a dog -category:food', 'a dog category:food'],
    ['a dog -category:cities -year:2024', 'a dog -year:2024 category:food'],
    ['a dog category:>5', 'a dog category:food'],
  ])('turns "%s" into "%s"', (before, after) => {
    expect(toggled(before)).toBe(after);
  });

  test('is still in the search when its text is read again', () => {
    const search = withFacetToggled(parseQuery('a dog -category:cities'), 'category', 'food');
    expect(parseQuery(formatQuery(search))).toEqual(search);
  });
});
