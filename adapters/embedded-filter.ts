import type { Condition, Filter } from '../core/filter.ts';
import { conditionFacets } from './facets.ts';

/** zvec takes at most 32 values in one list. */
const listLimit = 32;

/** The filter in zvec's language, over the column `facets`. */
export function compileFilter(filter: Filter): string {
  return filter.map(compileCondition).join(' and ');
}

/** Documents that have at least one of these facets. */
export function hasAny(facets: readonly string[]): string {
  const lists = inLists(facets).map((list) => `facets contain_any (${list})`);
  return `(${lists.join(' or ')})`;
}

function compileCondition(condition: Condition): string {
  const facets = conditionFacets(condition);
  return condition.kind === 'not-in' ? hasNone(facets) : hasAny(facets);
}

function hasNone(facets: readonly string[]): string {
  const lists = inLists(facets).map((list) => `facets not contain_any (${list})`);
  return `(${lists.join(' and ')})`;
}

/** Nobody has the facet `-`: a list must not be empty. */
function inLists(facets: readonly string[]): string[] {
  const all = facets.length > 0 ? [...new Set(facets)] : ['-'];
  return Array.from({ length: Math.ceil(all.length / listLimit) }, (_, index) =>
    all
      .slice(index * listLimit, (index + 1) * listLimit)
      .map((one) => `'${one}'`)
      .join(','),
  );
}
