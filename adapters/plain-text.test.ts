import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryText } from '../test/support/arbitrary-text.ts';
import { createPlainText } from './plain-text.ts';

function plain(...pieces: readonly string[]): string {
  const clean = createPlainText();
  return pieces.map(clean).join('');
}

describe('plain text', () => {
  it.each([
    ['They fit.', 'They fit.'],
    ['  They\n\n\tfit.\r\n', 'They fit.'],
    ['a\u2028b\u0085c\u00A0d', 'a b c d'],
    ['\u001B[31mred\u0007', '[31mred'],
    ['\u202Egpj\u202C.\u2066x\u2069\uFEFF\u200B', 'gpj.x'],
    ['\u{E0041}\u{E0042}yes', 'yes'],
    ['👨‍👩‍👧 می‌خواهم', '👨‍👩‍👧 می‌خواهم'],
    ['half \uD800 and \uDC00 half', 'half and half'],
    [' \n ', ''],
  ])('of %j is %j', (text, words) => {
    expect(plain(text)).toBe(words);
  });

  it('does not depend on where a text was cut', () => {
    const texts = arbitraryText(60);
    assert(
      property(texts, array(integer({ min: 0, max: 60 })), (text, cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect(plain(...pieces)).toBe(plain(text));
        expect(plain(text)).toBe(plain(text).trim());
        expect(plain(text)).not.toMatch(/\p{Cc}|\s\s/u);
      }),
    );
  });
});
