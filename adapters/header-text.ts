/** A word of RFC 2047: charset, `B` or `Q`, text. S3 gives metadata beyond ASCII in such words. */
const encodedWord = /=\?([\w-]+)\?([BQ])\?([^? ]*)\?=/gi;

/**
 * The text of a header's value. Words of RFC 2047 are decoded, as are bytes of UTF-8 that came as
 * they are; what is neither stays as it came.
 */
export function decodeHeaderText(value: string): string {
  // White space between two words is none of the text.
  const joined = value.replaceAll(/(\?=)\s+(?==\?)/g, '$1');
  const decoded = joined.replaceAll(
    encodedWord,
    (word, charset, encoding, text) =>
      decodeWord(String(charset), String(encoding), String(text)) ?? String(word),
  );
  return decoded === value ? decodeUtf8(value) : decoded;
}

function decodeWord(charset: string, encoding: string, text: string): string | undefined {
  try {
    const bytes = encoding.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : unquote(text);
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function unquote(text: string): Uint8Array {
  const bytes = text
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}

/** Headers come as Latin-1: bytes of UTF-8 look strange in them, and nothing else looks so. */
function decodeUtf8(value: string): string {
  if (!/^[\t -\u00ff]*[\u0080-\u00ff][\t -\u00ff]*$/.test(value)) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}
