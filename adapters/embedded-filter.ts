import type { Condition, Filter } from '../core/filter.ts';
import { rangeFacet, valueFacet } from './embedded-facets.ts';
import { coverRange } from './embedded-ranges.ts';

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
  const { key } = condition;
  switch (condition.kind) {
    case 'in':
      return hasAny(condition.values.map((value) => valueFacet(key, value)));
    case 'not-in':
      return hasNone(condition.values.map((value) => valueFacet(key, value)));
    case 'range': {
      const { prefixes, numbers } = coverRange(condition);
      return hasAny([
        ...prefixes.map((prefix) => rangeFacet(key, prefix)),
        ...numbers.map((value) => valueFacet(key, value)),
      ]);
    }
  }
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
