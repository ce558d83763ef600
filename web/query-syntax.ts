import { quote, readTokens, tidy } from './query-syntax-tokens.ts';
import { collect } from './query-syntax-collector.ts';

type Scalar = string | number | boolean;

/** One demand on one key of a picture's metadata. Several `is` of one key: any of them. */
export interface Condition {
  readonly key: string;
  readonly op: 'is' | 'not' | 'gt' | 'gte' | 'lt' | 'lte';
  readonly value: Scalar;
}

export interface WeightedWords {
  readonly text: string;
  /** 0.1 to 10; the plain words have 1. */
  readonly weight: number;
}

/** A part of the text that is not searched for, and why, in a sentence. */
export interface Ignored {
  readonly text: string;
  readonly reason: string;
}

/** What a text in the search box asks for. */
export interface ParsedSearch {
  /** The plain words, at most 512 characters; empty where there are none. */
  readonly words: string;
  /** `+snow`, `+"deep snow"^2`, `snow^2`. */
  readonly also: readonly WeightedWords[];
  /** `-stripes`, `-"black and white"`. */
  readonly exclude: readonly string[];
  /** Ids of pictures: `like:123`. */
  readonly like: readonly string[];
  /** `category:animals`, `-category:"food and drink"`, `width:>640`, `width:640..1920`. */
  readonly conditions: readonly Condition[];
  /** `diversity:0.5`, from 0 to 1; 0 where nothing is said of it. */
  readonly diversity: number;
  readonly ignored: readonly Ignored[];
}

export const emptySearch: ParsedSearch = {
  words: '',
  also: [],
  exclude: [],
  like: [],
  conditions: [],
  diversity: 0,
  ignored: [],
};

/** Reads a text of any length. Nothing is an error: what cannot be searched for is in `ignored`. */
export function parseQuery(text: string): ParsedSearch {
  return collect(readTokens(text));
}

/** A text that is read as this search again, without what was ignored. */
export function formatQuery(search: ParsedSearch): string {
  return [
    ...tidy(search.words).split(' ').map(formatWord),
    ...search.also.map(({ text, weight }) => {
      const mark = weight === 1 ? '' : `^${weight}`;
      return `+${formatPhrase(text)}${mark}`;
    }),
    ...search.exclude.map((text) => `-${formatPhrase(text)}`),
    ...search.conditions.map(formatCondition),
    ...search.like.map((id) => `like:${id}`),
    ...(search.diversity === 0 ? [] : [`diversity:${search.diversity}`]),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** Whether it says what to search for: filters and exclusions alone do not. */
export function hasSubject({ words, also, like }: ParsedSearch): boolean {
  return words !== '' || also.length + like.length > 0;
}

type Bounds = { readonly [op in 'gt' | 'gte' | 'lt' | 'lte']?: number };
type Filter = Scalar[] | (Bounds & { readonly not?: Scalar[] });

/** What `POST /search` is asked with; only what is said is there. */
export interface SyntaxInput {
  query: string;
  texts?: { text: string; weight: number }[];
  exclude?: string[];
  like?: string[];
  diversity?: number;
  filters?: Record<string, Filter>;
}

/** The fields of the body of `POST /search` that a text says. The API refuses it without a subject. */
export function toSearchInput(search: ParsedSearch): SyntaxInput {
  const { words, also, exclude, like, conditions, diversity } = search;
  return {
    query: words,
    ...(also.length > 0 && { texts: also.map((one) => ({ ...one })) }),
    ...(exclude.length > 0 && { exclude: [...exclude] }),
    ...(like.length > 0 && { like: [...like] }),
    ...(diversity > 0 && { diversity }),
    ...(conditions.length > 0 && { filters: toFilters(conditions) }),
  };
}

function toFilters(conditions: readonly Condition[]): Record<string, Filter> {
  const keys = [...new Set(conditions.map(({ key }) => key))];
  return Object.fromEntries(
    keys.map((key) => {
      const own = conditions.filter((one) => one.key === key);
      const values = (op: 'is' | 'not') =>
        own.filter((one) => one.op === op).flatMap(({ value }) => bothForms(value));
      const [is, not] = [values('is'), values('not')];
      if (is.length > 0) return [key, is];
      const bounds = own.filter(({ op }) => op !== 'not').map(({ op, value }) => [op, value]);
      return [key, { ...Object.fromEntries(bounds), ...(not.length > 0 && { not }) }];
    }),
  );
}

/** A text has no types: what reads like a number may be kept as one or as a text. */
function bothForms(value: Scalar): Scalar[] {
  return typeof value === 'string' ? [value] : [value, String(value)];
}

function formatWord(word: string): string {
  const [token, ...more] = readTokens(word);
  if (!token) return '';
  const isPlain = more.length === 0 && token.kind === 'words' && token.text === word;
  return isPlain ? word : quote(word);
}

/** After a sign only letters need no quotes. */
function formatPhrase(text: string): string {
  return /^\p{L}[\p{L}\p{M}\p{N}'’-]*$/u.test(text) ? text : quote(text);
}

const signs = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
const own = new Set(['like', 'diversity']);

function formatCondition({ key, op, value }: Condition): string {
  const isPlainKey = /^[A-Za-z_]/.test(key) && !own.has(key);
  const name = isPlainKey ? key : quote(key);
  if (op !== 'is' && op !== 'not') return `${name}:${signs[op]}${value}`;
  const text = typeof value === 'string' ? formatValue(value) : String(value);
  return `${op === 'not' ? '-' : ''}${name}:${text}`;
}

function formatValue(value: string): string {
  const isPlain = /^\p{L}[\p{L}\p{M}\p{N}_-]*$/u.test(value);
  return isPlain && value !== 'true' && value !== 'false' ? value : quote(value);
}
