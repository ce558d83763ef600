/** Line breaks and tabs, and what divides lines in Unicode. */
const white = /[\s\u0085]/u;
/**
 * What nobody sees, or what turns the direction of what follows. Joiners stay: some scripts and
 * emoji are written with them.
 */
const unseen =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/u;

/**
 * Turns pieces of whatever text into pieces of plain text: single spaces, none at the ends, nothing
 * unseen. What the pieces give together does not depend on where the text was cut.
 */
export function createPlainText(): (piece: string) => string {
  let begun = false;
  let space = false;
  let half = '';

  function add(character: string): string {
    if (white.test(character)) {
      space = begun;
      return '';
    }
    if (unseen.test(character)) return '';
    const text = space ? ` ${character}` : character;
    begun = true;
    space = false;
    return text;
  }

  return (piece) => {
    const text = half + piece;
    // The other half may come with the next piece.
    half = /[\uD800-\uDBFF]$/.exec(text)?.[0] ?? '';
    return Array.from(text.slice(0, text.length - half.length), add).join('');
  };
}
