/** Without the byte order mark, which is white space to JavaScript but not to tokenizers. */
const whiteSpace = /[^\S\uFEFF]+/g;

/**
 * A text as a CLIP tokenizer sees it: NFC, lower case, white space as single spaces, none at the
 * ends. Texts of one canonical form have the same tokens, and so the same vector.
 *
 * A few letters have a lower case that is one code point and an upper case of two (J with caron).
 * The tokenizer composes before it lowers, and so tells the two apart: a text with such letters
 * keeps its case.
 */
export function canonicalText(text: string): string {
  const spaced = text.normalize('NFC').replace(whiteSpace, ' ').replace(/^ | $/g, '');
  const lower = spaced.toLowerCase();
  return lower.normalize('NFC') === lower ? lower : spaced;
}
