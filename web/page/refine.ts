import type { ParsedSearch } from '../query-syntax.ts';
import { emptySearch, hasSubject, parseQuery } from '../query-syntax.ts';
import { readTokens } from '../query-syntax-tokens.ts';
import type { Clause } from './refine-clauses.ts';
import { readClauses, unfinished } from './refine-clauses.ts';
import type { Facet } from './refine-facets.ts';
import { readFacetValues } from './refine-facets.ts';
import { pointAt } from './refine-reference.ts';
import { mergeSearches, withAlso, withExcluded, withOnly } from './refine-merge.ts';

/** What a refinement can refer to. */
export interface RefineContext {
  /** The search of the turn before. */
  readonly last: ParsedSearch | undefined;
  /** Its results, in the order shown. */
  readonly hits: readonly { readonly id: string }[];
  /** The picture that is open, or was last. */
  readonly current: string | undefined;
  readonly facets: readonly Facet[];
}

export type Refined =
  /** `as` tells how it was understood, where that is not plain from the words. */
  | { readonly kind: 'new' | 'refined'; readonly search: ParsedSearch; readonly as?: string }
  /** A whole sentence for the person; nothing is to be searched for yet. */
  | { readonly kind: 'hint'; readonly hint: string };

/** Takes what somebody typed as a change of the search before, or as a search of its own. */
export function refine(text: string, context: RefineContext): Refined {
  const { last } = context;
  const parsed = parseQuery(text);
  if (last && unfinished.test(text.trim())) {
    return { kind: 'hint', hint: `Go on: “${text.trim()} …”` };
  }
  if (last && saysNoSubject(parsed)) {
    return { kind: 'refined', search: mergeSearches(last, parsed) };
  }
  const { sentence, marks } = takeMarks(text);
  const refined = readSentence(readClauses(sentence), context);
  if (!refined) return asNew(parsed);
  if (refined.kind === 'hint') return refined;
  return { ...refined, search: mergeSearches(refined.search, parseQuery(marks)) };
}

/** What is said in words, and what with the signs of the search box: "without people +snow". */
function takeMarks(text: string): { readonly sentence: string; readonly marks: string } {
  const tokens = readTokens(text);
  const join = (isWords: boolean) =>
    tokens
      .filter(({ kind }) => (kind === 'words') === isWords)
      .map(({ raw }) => raw)
      .join(' ');
  return { sentence: join(true), marks: join(false) };
}

function readSentence(clauses: readonly Clause[], context: RefineContext): Refined | undefined {
  const { last } = context;
  const [first] = clauses;
  if (first?.kind === 'like') return applyAll(clauses, last ?? emptySearch, context);
  if (first?.kind === 'words') return splitNew(clauses, context);
  return first && last && applyAll(clauses, last, context);
}

/** "-stripes", "+snow" or "category:food" by itself. */
function saysNoSubject(parsed: ParsedSearch): boolean {
  return !hasSubject({ ...parsed, also: [] });
}

function asNew(search: ParsedSearch): Refined {
  return { kind: 'new', search };
}

/** "a beach without people": a search of its own, with something to leave out. */
function splitNew(clauses: readonly Clause[], context: RefineContext): Refined | undefined {
  const [first, ...rest] = clauses;
  if (first === undefined || rest.length === 0) return undefined;
  if (rest.some(({ kind }) => kind !== 'exclude')) return undefined;
  const begun = parseQuery(first.text);
  if (!hasSubject(begun)) return undefined;
  const applied = applyAll(rest, begun, context);
  return applied?.kind === 'refined' ? { ...applied, kind: 'new' } : undefined;
}

type Step = { readonly search: ParsedSearch; readonly as: string } | { readonly hint: string };

function applyAll(
  clauses: readonly Clause[],
  begun: ParsedSearch,
  context: RefineContext,
): Refined | undefined {
  let search = begun;
  const said: string[] = [];
  for (const clause of clauses) {
    const step = apply(clause, search, context);
    if (step === undefined) return undefined;
    if ('hint' in step) return { kind: 'hint', hint: step.hint };
    search = step.search;
    said.push(step.as);
  }
  const as = said.join(', ');
  return { kind: 'refined', search, as: as.charAt(0).toUpperCase() + as.slice(1) };
}

function apply(clause: Clause, search: ParsedSearch, context: RefineContext): Step | undefined {
  const { items } = clause;
  switch (clause.kind) {
    case 'exclude':
      return { search: withExcluded(search, items), as: `without ${items.join(', ')}` };
    case 'only': {
      const conditions = readFacetValues(items, context.facets);
      const as = `only ${items.join(' or ')}`;
      return conditions && { search: withOnly(search, conditions), as };
    }
    case 'like': {
      const pointed = pointAt(clause.reference, context.hits, context.current);
      if ('hint' in pointed) return pointed;
      const { exclude, conditions } = search;
      const like = pointed.ids.slice(0, 8);
      return {
        search: { ...emptySearch, exclude, conditions, like },
        as: `more like ${pointed.named}`,
      };
    }
    case 'also':
    case 'words':
      return { search: withAlso(search, clause.text), as: `with “${clause.text}”` };
  }
}
