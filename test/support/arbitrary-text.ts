import { type Arbitrary, array, constantFrom, integer, oneof } from 'fast-check';

/** Texts of any code points, lone surrogates among them, and often of those that mean something. */
export function arbitraryText(maxLength: number): Arbitrary<string> {
  const any = integer({ min: 0, max: 0x10_ffff }).map((point) => String.fromCodePoint(point));
  const telling = constantFrom(...' \n\t"\\{}[]<>&`aZ0', '\u2028', '\u202E', '\uFEFF', '🏖');
  return array(oneof(any, telling), { maxLength }).map((parts) => parts.join(''));
}
