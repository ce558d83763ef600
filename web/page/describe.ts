import type { Condition, ParsedSearch } from '../query-syntax.ts';

/** One part of a search that can be taken out of it. */
export interface Chip {
  readonly key: string;
  readonly text: string;
  /** The picture that it is about. */
  readonly image?: string;
  /** The search without it. */
  readonly rest: ParsedSearch;
}

/** The plain words, or what else it begins from. */
export function titleOf({ words, also, like, conditions }: ParsedSearch): string {
  if (words !== '') return words;
  if (like.length > 0)
    return like.length === 1 ? 'More like this picture' : 'More like these pictures';
  const values = conditions.filter(({ op }) => op === 'is').map(({ value }) => valueText(value));
  return also[0]?.text ?? (values.join(' or ') || 'Pictures');
}

/** All of a search in one line, as a heading reads it out. */
export function describe(search: ParsedSearch): string {
  return [
    titleOf(search),
    ...chipsOf(search).flatMap(({ text, image }) => (image ? [] : [text])),
  ].join(', ');
}

/** The parts of a search besides its words. */
export function chipsOf(search: ParsedSearch): readonly Chip[] {
  const { also, exclude, like, conditions, diversity } = search;
  return [
    ...like.map((id, at) => ({
      key: `like ${id}`,
      text: search.words === '' ? 'like this' : 'like this picture',
      image: id,
      rest: { ...search, like: like.toSpliced(at, 1) },
    })),
    ...also.map(({ text, weight }, at) => ({
      key: `also ${text}`,
      text: weight === 1 ? `with ${text}` : `with ${text} (× ${weight})`,
      rest: { ...search, also: also.toSpliced(at, 1) },
    })),
    ...exclude.map((text, at) => ({
      key: `without ${text}`,
      text: `without ${text}`,
      rest: { ...search, exclude: exclude.toSpliced(at, 1) },
    })),
    ...conditions.map((condition, at) => ({
      key: `${condition.key} ${condition.op} ${condition.value}`,
      text: conditionText(condition),
      rest: { ...search, conditions: conditions.toSpliced(at, 1) },
    })),
    ...(diversity === 0
      ? []
      : [{ key: 'diversity', text: `varied (${diversity})`, rest: { ...search, diversity: 0 } }]),
  ];
}

const signs = { is: ': ', not: ': not ', gt: ' > ', gte: ' ≥ ', lt: ' < ', lte: ' ≤ ' } as const;

function conditionText({ key, op, value }: Condition): string {
  return `${labelOf(key)}${signs[op]}${valueText(value)}`;
}

/** `animals-nature` → `animals nature`. */
export function valueText(value: Condition['value']): string {
  return typeof value === 'string' ? readable(value) : String(value);
}

/** `taken_at` → `taken at`. */
export function labelOf(key: string): string {
  return readable(key.replaceAll('.', ' '));
}

function readable(text: string): string {
  return text.replaceAll(/(?<=\p{L})[-_]+(?=\p{L})/gu, ' ').trim() || text;
}
