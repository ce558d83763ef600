import type { ParsedSearch } from './query-syntax.ts';
import { readConditions, reasonAgainst, toNumber } from './query-syntax-conditions.ts';
import { tidy, type Setting, type Token } from './query-syntax-tokens.ts';

/** As the API has them. */
const limits = { characters: 512, parts: 8, lightest: 0.1, heaviest: 10 } as const;

const reasons = {
  long: `Only the first ${limits.characters} characters of a text are searched for.`,
  also: `At most ${limits.parts} further texts can be searched for.`,
  exclude: `At most ${limits.parts} texts can be excluded.`,
  like: `At most ${limits.parts} pictures can be compared with.`,
  id: 'It is not the id of a picture.',
  notLike: 'Results can be like a picture, not unlike one.',
  weight: `A weight is from ${limits.lightest} to ${limits.heaviest}.`,
  noWeight: 'What is excluded has no weight.',
  diversity: 'Diversity is a number from 0 to 1.',
} as const;

type SettingToken = Extract<Token, { kind: 'setting' }>;
type Weighable = Extract<Token, { kind: 'also' | 'exclude' }>;

type SearchBeingRead = {
  -readonly [Key in keyof ParsedSearch]: ParsedSearch[Key] extends readonly (infer One)[]
    ? One[]
    : ParsedSearch[Key];
};

/** Puts parts together to a search, as far as the API takes them. */
export function collect(tokens: readonly Token[]): ParsedSearch {
  const search: SearchBeingRead = {
    words: '',
    also: [],
    exclude: [],
    like: [],
    conditions: [],
    diversity: 0,
    ignored: [],
  };
  const words = tokens.flatMap((token) => (token.kind === 'words' ? [token.text] : []));
  search.words = shorten(tidy(words.join(' ')), search);
  for (const token of tokens) {
    if (token.kind === 'also') takeAlso(token, search);
    else if (token.kind === 'exclude') takeExclude(token, search);
    else if (token.kind === 'setting') takeSetting(token, search);
  }
  return search;
}

function shorten(text: string, { ignored }: SearchBeingRead): string {
  const { kept, rest } = cut(text);
  if (rest !== '') ignored.push({ text: rest, reason: reasons.long });
  return kept;
}

function takeAlso(token: Weighable, search: SearchBeingRead): void {
  const { raw, weight = 1 } = token;
  if (token.text === '') return;
  if (search.also.length === limits.parts) {
    search.ignored.push({ text: raw, reason: reasons.also });
    return;
  }
  const allowed = Math.min(limits.heaviest, Math.max(limits.lightest, weight));
  if (weight !== allowed) search.ignored.push({ text: raw, reason: reasons.weight });
  search.also.push({ text: shorten(token.text, search), weight: allowed });
}

function takeExclude(token: Weighable, search: SearchBeingRead): void {
  const { raw, weight } = token;
  const text = shorten(token.text, search);
  if (text === '' || search.exclude.includes(text)) return;
  if (search.exclude.length === limits.parts) {
    search.ignored.push({ text: raw, reason: reasons.exclude });
    return;
  }
  if (weight !== undefined) {
    search.ignored.push({ text: `^${weight}`, reason: reasons.noWeight });
  }
  search.exclude.push(text);
}

function takeSetting(token: SettingToken, search: SearchBeingRead): void {
  const reason = reasonToIgnore(token, search);
  if (reason !== undefined) search.ignored.push({ text: token.raw, reason });
}

function reasonToIgnore(token: SettingToken, search: SearchBeingRead): string | undefined {
  if (token.isKeyQuoted) return takeConditions(token, search);
  if (token.key === 'like') return takeLike(token, search);
  return token.key === 'diversity' ? takeDiversity(token, search) : takeConditions(token, search);
}

function takeLike({ value, isNegated }: Setting, { like }: SearchBeingRead): string | undefined {
  if (isNegated) return reasons.notLike;
  if (!isImageId(value)) return reasons.id;
  if (like.includes(value)) return undefined;
  if (like.length === limits.parts) return reasons.like;
  like.push(value);
  return undefined;
}

function takeDiversity({ value, isNegated }: Setting, search: SearchBeingRead): string | undefined {
  const number = isNegated ? undefined : toNumber(value);
  if (number === undefined || number < 0 || number > 1) return reasons.diversity;
  search.diversity = number;
  return undefined;
}

function takeConditions(setting: Setting, { conditions }: SearchBeingRead): string | undefined {
  const read = readConditions(setting);
  if (!read.ok) return read.reason;
  for (const condition of read.conditions) {
    const reason = reasonAgainst(condition, conditions);
    if (reason === 'repeated') continue;
    if (reason !== undefined) return reason;
    conditions.push(condition);
  }
  return undefined;
}

/** As many characters as a text may have, and whole words where there are any. */
function cut(text: string): { readonly kept: string; readonly rest: string } {
  const characters = Array.from(text);
  if (characters.length <= limits.characters) return { kept: text, rest: '' };
  const most = characters.slice(0, limits.characters).join('');
  const isBetweenWords = text.charAt(most.length) === ' ';
  const end = isBetweenWords ? most.length : most.lastIndexOf(' ');
  const kept = end > 0 ? most.slice(0, end) : most;
  return { kept, rest: text.slice(kept.length).trim() };
}

function isImageId(id: string): boolean {
  return /^(?:0|[1-9]\d{0,19})$/.test(id) && BigInt(id) < 2n ** 64n;
}
