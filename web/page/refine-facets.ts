import type { Condition } from '../query-syntax.ts';

/** What pictures can be filtered by. */
export interface Facet {
  readonly key: string;
  readonly values: readonly { readonly value: string | number | boolean; readonly count: number }[];
}

/**
 * The values of one facet that words name, in singular or plural, whole or by a part: "animals" is
 * `animals-nature`. Undefined where one of the words is none of it.
 */
export function readFacetValues(
  words: readonly string[],
  facets: readonly Facet[],
): readonly Condition[] | undefined {
  for (const facet of facets) {
    const found = words.flatMap((word) => findValue(facet, word) ?? []);
    if (found.length > 0 && found.length === words.length) {
      return [...new Set(found)].map((value) => ({ key: facet.key, op: 'is', value }));
    }
  }
  return undefined;
}

function findValue({ key, values }: Facet, word: string): Condition['value'] | undefined {
  const said = stem(normal(word));
  const named = normal(key);
  const isWhole = (value: string) =>
    [value, `${value} ${named}`, `${named} ${value}`].some((each) => stem(each) === said);
  const isPart = (value: string) =>
    value.split(/ (?:and |or |& )?/).some((part) => stem(part) === said);
  for (const isIt of [isWhole, isPart]) {
    const found = values.find(({ value }) => isIt(normal(String(value))));
    if (found) return found.value;
  }
  return undefined;
}

function normal(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[-_\s]+/g, ' ')
    .trim();
}

/** "animals" and "animal", "cities" and "city", "boxes" and "box" are one. */
function stem(text: string): string {
  if (text.endsWith('ies')) return `${text.slice(0, -3)}y`;
  if (/(?:s|x|z|ch|sh)es$/.test(text)) return text.replace(/es$/, '');
  return /[^s]s$/.test(text) ? text.slice(0, -1) : text;
}
