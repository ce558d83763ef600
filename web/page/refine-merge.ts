import type { Condition, ParsedSearch } from '../query-syntax.ts';

export function withExcluded(search: ParsedSearch, texts: readonly string[]): ParsedSearch {
  const also = search.also.filter(({ text }) => !texts.some((each) => isSame(each, text)));
  return { ...search, also, exclude: joined(search.exclude, texts) };
}

/** As the words, where there are none yet: "like this one", "at night". */
export function withAlso(search: ParsedSearch, text: string): ParsedSearch {
  const exclude = search.exclude.filter((each) => !isSame(each, text));
  if (search.words === '' && search.like.length > 0) return { ...search, exclude, words: text };
  if (search.also.some((each) => isSame(each.text, text))) return { ...search, exclude };
  return { ...search, exclude, also: [...search.also, { text, weight: 1 }] };
}

/** In place of whatever was said of the same key. */
export function withOnly(search: ParsedSearch, conditions: readonly Condition[]): ParsedSearch {
  const keys = new Set(conditions.map(({ key }) => key));
  const others = search.conditions.filter(({ key }) => !keys.has(key));
  return { ...search, conditions: [...others, ...conditions] };
}

/** What `more` says besides its words, as when only "-stripes category:animals" was typed. */
export function mergeSearches(search: ParsedSearch, more: ParsedSearch): ParsedSearch {
  const excluded = withExcluded(search, more.exclude);
  const said = more.also.filter(({ text }) => !search.also.some((one) => isSame(one.text, text)));
  const merged = { ...excluded, also: [...excluded.also, ...said] };
  const diversity = more.diversity === 0 ? search.diversity : more.diversity;
  const like = joined(search.like, more.like);
  return { ...withOnly(merged, more.conditions), like, diversity, ignored: more.ignored };
}

/** Turns one value of a key on or off; several values of a key are any of them. */
export function withFacetToggled(
  search: ParsedSearch,
  key: string,
  value: Condition['value'],
): ParsedSearch {
  if (hasFacet(search, key, value)) {
    return { ...search, conditions: search.conditions.filter((one) => !isThat(one, key, value)) };
  }
  // A key has values or other conditions, never both: a text that says both is read otherwise.
  const rest = search.conditions.filter((one) => one.key !== key || one.op === 'is');
  return { ...search, conditions: [...rest, { key, op: 'is', value }] };
}

export function hasFacet(
  { conditions }: ParsedSearch,
  key: string,
  value: Condition['value'],
): boolean {
  return conditions.some((one) => one.op === 'is' && isThat(one, key, value));
}

function isThat(one: Condition, key: string, value: Condition['value']): boolean {
  return one.key === key && String(one.value) === String(value);
}

function joined(texts: readonly string[], more: readonly string[]): string[] {
  return [...texts, ...more.filter((text) => !texts.some((each) => isSame(each, text)))];
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
