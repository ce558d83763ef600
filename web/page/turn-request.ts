import type { SearchInput } from '../client.ts';
import type { ParsedSearch } from '../query-syntax.ts';
import { hasSubject, toSearchInput } from '../query-syntax.ts';
import { limits, pageTopK } from './limits.ts';

interface Asked {
  readonly explanation: boolean;
  readonly rerank: boolean;
}

/**
 * What the server is asked for the first of a turn's results. No list is frozen for them: while somebody
 * types most are never scrolled, and without a cursor an answer that is known comes from the cache.
 */
export function toRequest(search: ParsedSearch, { explanation, rerank }: Asked): SearchInput {
  return {
    ...toSearchInput(withSubject(search)),
    top_k: pageTopK,
    score_threshold: 'auto',
    fold_duplicates: true,
    ...(explanation && { include_explanation: true }),
    ...(rerank && { rerank: true }),
  };
}

/** The same list from its start or from a cursor, and with nobody to explain it. */
export function toListRequest(
  search: ParsedSearch,
  cursor: string,
  { topK, isCut }: { readonly topK: number; readonly isCut: boolean },
): SearchInput {
  const { explanation, rerank } = { explanation: false, rerank: false };
  const request = toRequest(search, { explanation, rerank });
  return { ...request, top_k: topK, cursor, score_threshold: isCut ? 'auto' : 0 };
}

/** "category:animals" alone means the word as well: there is no searching without one. */
function withSubject(search: ParsedSearch): ParsedSearch {
  if (hasSubject(search)) return search;
  return { ...search, words: valuesAsked(search).join(' ') };
}

function valuesAsked({ conditions }: ParsedSearch): string[] {
  return conditions
    .filter(({ op, value }) => op === 'is' && typeof value === 'string')
    .map(({ value }) => String(value));
}

/** Why a search cannot be sent, in a sentence that says what to do; nothing where it can. */
export function refusal(search: ParsedSearch): string | undefined {
  const texts = [search.words, ...search.also.map(({ text }) => text), ...search.exclude];
  const longest = Math.max(...texts.map((text) => Array.from(text).length));
  if (longest > limits.queryCharacters) {
    return `A search may have ${limits.queryCharacters} characters and this one has ${whole.format(longest)}: make it shorter.`;
  }
  const most = Math.max(search.also.length, search.exclude.length, search.like.length);
  if (most > limits.parts) {
    return `A search may have ${limits.parts} parts of a kind and this one has ${most}: leave some out.`;
  }
  if (!hasSubject(search) && valuesAsked(search).length === 0) {
    return 'Say also what to look for.';
  }
  return undefined;
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
