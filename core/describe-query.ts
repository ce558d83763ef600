import type { SearchQuery } from './model.ts';

/** A composed query can have 17 texts of 512 characters: what is told of it is shorter. */
const maxCharacters = 1000;

type Words = Pick<SearchQuery, 'query' | 'texts' | 'exclude'>;

/** What was searched for, in words: `a beach, at night, without people, like 2 pictures`. */
export function describeQuery(query: Words & Pick<SearchQuery, 'like'>): string {
  const { length } = query.like;
  const like = length === 0 ? '' : `like ${length === 1 ? 'one picture' : `${length} pictures`}`;
  return join([cut(join([...wordsOf(query), without(query)])), like]);
}

/** The same as far as it is words, and empty where the search began from pictures alone. */
export function describeWords(query: Words): string {
  const words = wordsOf(query);
  return words.length === 0 ? '' : cut(join([...words, without(query)]));
}

/** The texts that are searched for, the query first. */
export function wordsOf({ query, texts }: Omit<Words, 'exclude'>): string[] {
  return [query, ...texts.map(({ text }) => text)].filter((text) => text !== '');
}

function without({ exclude }: Words): string {
  return exclude.length === 0 ? '' : `without ${exclude.join(' or ')}`;
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(', ');
}

function cut(text: string): string {
  const characters = Array.from(text);
  return characters.length <= maxCharacters
    ? text
    : `${characters.slice(0, maxCharacters).join('')}…`;
}
