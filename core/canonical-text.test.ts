import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { array, assert, constantFrom, integer, oneof, property, string } from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTokenizer, type Tokenizer } from '../adapters/tokenizer.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { canonicalText } from './canonical-text.ts';

const clip = path.resolve(import.meta.dirname, '../../shared/data/clip-text');

/** Any Unicode at all, rich in what can go wrong: white space, marks, letters of odd cases. */
const texts = array(
  oneof(
    string({ unit: 'binary', maxLength: 8 }),
    string({ unit: 'grapheme', maxLength: 8 }),
    integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    constantFrom(' ', '\t\n', '\u00A0', '\u0085', '\u2003', '\uFEFF', '\u200B', '\u001C'),
    constantFrom('\u0301', '\u030C', '\u0331', '\u0307', '\u0345', '\u0308\u0301'),
    constantFrom('J', 'H', 'W', 'İ', 'I', 'ſ', 'ẞ', 'ΟΔΟΣ', 'Σ', 'Å', 'Ω', 'Ǆ', 'ﬃ', '각', 'ᄀ'),
  ),
  { maxLength: 8 },
).map((parts) => parts.join(''));

/** Every character of the planes that have letters. */
const everyCharacter = Array.from({ length: 0x30000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));

describe('canonicalText', () => {
  it('folds case, white space and the forms of a letter', () => {
    expect(canonicalText(' A\tDog\n\u00A0in   SNOW ')).toBe('a dog in snow');
    expect(canonicalText('CAFE\u0301')).toBe('caf\u00E9');
    expect(canonicalText('')).toBe('');
    expect(canonicalText(' \r\n\t')).toBe('');
  });

  it('keeps apart what tokenizers keep apart', () => {
    for (const [a, b] of [
      ['straße', 'strasse'],
      ['ﬁre', 'fire'],
      ['résumé', 'resume'],
      ['a b', 'ab'],
      ["it's", 'it’s'],
      ['dog.', 'dog'],
      ['\uFEFFdog', 'dog'],
    ] as const) {
      expect(canonicalText(a)).not.toBe(canonicalText(b));
    }
  });

  it('gives its own form back', () => {
    assert(
      property(texts, (text) => canonicalText(canonicalText(text)) === canonicalText(text)),
      { numRuns: 2000 },
    );
    const unstable = everyCharacter
      .flatMap((character) => ['\u0301', '\u030C', '\u0331'].map((mark) => character + mark))
      .filter((text) => canonicalText(canonicalText(text)) !== canonicalText(text));
    expect(unstable).toEqual([]);
  });

  describe.skipIf(!existsSync(clip))("with CLIP's tokenizer (../shared/data/clip-text)", () => {
    let tokenizer: Tokenizer;
    beforeAll(async () => {
      const file = path.join(clip, 'tokenizer.json');
      tokenizer = expectOk(await createTokenizer({ path: file, contextLength: 77 }));
    });

    function hasSameIds(text: string): boolean {
      // As nearly all characters are: nothing to compare.
      if (canonicalText(text) === text) return true;
      const [own, canonical] = [text, canonicalText(text)].map((form) => tokenizer.encode(form));
      return own?.ids.join() === canonical?.ids.join() && own?.truncated === canonical?.truncated;
    }

    it('has the ids of the text itself, for 2,500 captions in any case', async () => {
      const lines = (await readFile(path.join(clip, 'captions.jsonl'), 'utf8')).trim().split('\n');
      const captions = lines.map((line) => (JSON.parse(line) as { text: string }).text);
      expect(captions).toHaveLength(2500);
      const shouted = captions.map((caption) => ` ${caption.toUpperCase()}\n`);
      expect([...captions, ...shouted].filter((caption) => !hasSameIds(caption))).toEqual([]);
    });

    it('has the ids of the text itself, for every character and any Unicode', () => {
      expect(everyCharacter.filter((character) => !hasSameIds(`a${character}b`))).toEqual([]);
      expect(everyCharacter.filter((character) => !hasSameIds(`${character}\u030C`))).toEqual([]);
      assert(property(texts, hasSameIds), { numRuns: 2000 });
    });
  });
});
