/** What one part of a search-box text says. `raw` is the part as it was typed. */
export type Token =
  | { readonly kind: 'words'; readonly raw: string; readonly text: string }
  | {
      readonly kind: 'also' | 'exclude';
      readonly raw: string;
      readonly text: string;
      readonly weight: number | undefined;
    }
  | ({ readonly kind: 'setting'; readonly raw: string } & Setting);

/** `key:value`. Quotes make a key one of the pictures', and a value a text, whatever they look like. */
export interface Setting {
  readonly key: string;
  readonly isKeyQuoted: boolean;
  readonly value: string;
  readonly isValueQuoted: boolean;
  readonly isNegated: boolean;
}

/** Straight ones, and those that a phone puts in their place. */
const quotes = '"“”„';
/** Ends with the text where nobody closed it, as while one types. */
const quoted = `[${quotes}]((?:\\\\[^]|[^${quotes}\\\\])*\\\\?)(?:[${quotes}]|$)`;

const patterns = {
  // Before a letter, a picture or a quotation: "-5", "--" and ":-)" are words.
  sign: /[-−+](?=[\p{L}\p{Extended_Pictographic}_"“”„])/uy,
  setting: new RegExp(`(${quoted}|[A-Za-z_][A-Za-z0-9_.-]*):(?=\\S)`, 'y'),
  quoted: new RegExp(quoted, 'y'),
  bare: /\S+/y,
  weight: /\^(\d+(?:\.\d+)?)(?=\s|$)/y,
} as const;

const trailingWeight = /^(.+)\^(\d+(?:\.\d+)?)$/u;
const metadataKey = /^(?!__)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

interface Read {
  readonly token: Token;
  readonly end: number;
}

/** The parts of a text, in order. Every text has a reading: what is nothing else is plain words. */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = skipSpace(text, 0); at < text.length;) {
    const { token, end } = readToken(text, at);
    tokens.push(token);
    at = skipSpace(text, end);
  }
  return tokens;
}

function readToken(text: string, start: number): Read {
  const sign = match(patterns.sign, text, start) ?? '';
  const at = start + sign.length;
  const isNegated = sign !== '' && sign !== '+';
  return readSetting(text, start, at, isNegated) ?? readText(text, start, at, sign);
}

function readSetting(
  text: string,
  start: number,
  at: number,
  isNegated: boolean,
): Read | undefined {
  const before = match(patterns.setting, text, at);
  if (before === undefined) return undefined;
  const name = readPart(before.slice(0, -1));
  const from = at + before.length;
  const value = match(patterns.quoted, text, from) ?? match(patterns.bare, text, from) ?? '';
  // An address or a path is no setting.
  if (!metadataKey.test(name.text) || /^[/\\]/.test(value)) return undefined;
  const end = from + value.length;
  const { text: said, isQuoted: isValueQuoted } = readPart(value);
  const setting = { key: name.text, isKeyQuoted: name.isQuoted, value: said, isValueQuoted };
  const raw = text.slice(start, end);
  return { token: { kind: 'setting', raw, ...setting, isNegated }, end };
}

function readText(text: string, start: number, at: number, sign: string): Read {
  const phrase = match(patterns.quoted, text, at);
  const body = phrase ?? match(patterns.bare, text, at) ?? '';
  const mark = phrase === undefined ? undefined : match(patterns.weight, text, at + body.length);
  const end = at + body.length + (mark?.length ?? 0);
  const raw = text.slice(start, end);
  const bareWeight = phrase === undefined ? trailingWeight.exec(body) : null;
  const said = tidy(bareWeight?.[1] ?? readPart(body).text);
  const weighed = mark?.slice(1) ?? bareWeight?.[2];
  const weight = weighed === undefined ? undefined : Number(weighed);
  if (sign === '' && weight === undefined)
    return { token: { kind: 'words', raw, text: said }, end };
  const kind = sign === '' || sign === '+' ? 'also' : 'exclude';
  return { token: { kind, raw, text: said, weight }, end };
}

/** Without the quotes around it. */
function readPart(part: string): { readonly text: string; readonly isQuoted: boolean } {
  const inner = new RegExp(`^${quoted}`).exec(part)?.[1];
  if (inner === undefined) return { text: part, isQuoted: false };
  return { text: inner.replaceAll(/\\(["“”„\\])/g, '$1'), isQuoted: true };
}

/** Single spaces, as a model reads a text, and valid Unicode. */
export function tidy(text: string): string {
  return text.toWellFormed().replaceAll(/\s+/g, ' ').trim();
}

/** A text in quotes, which is read as it is. */
export function quote(text: string): string {
  return `"${text.replaceAll(/["“”„\\]/g, '\\$&')}"`;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skipSpace(text: string, at: number): number {
  return at + (match(/\s*/y, text, at)?.length ?? 0);
}
