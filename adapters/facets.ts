import { hash } from 'node:crypto';
import type { Condition } from '../core/filter.ts';
import type { ImageMetadata } from '../core/model.ts';
import { coverRange, prefixesOf } from './number-ranges.ts';

/**
 * A facet is a statement about a picture, hashed to 12 letters: whatever it says, it is safe in any
 * filter language, and the index is as small for long values as for short ones.
 */
export function facet(...statement: readonly (string | number | boolean)[]): string {
  return hash('md5', JSON.stringify(statement), 'base64url').slice(0, 12);
}

/** The picture has this value under this key, alone or in a list. */
function valueFacet(key: string, value: string | number | boolean): string {
  return facet('is', key, value);
}

/** The picture has a number under this key that is stored under this prefix. */
function rangeFacet(key: string, prefix: string): string {
  return facet('in', key, prefix);
}

/** Everything that filters can ask of a picture. */
export function metadataFacets(metadata: ImageMetadata): string[] {
  const facets = Object.entries(metadata).flatMap(([key, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values.flatMap((one) => {
      if (one === null) return [];
      const ranges = typeof one === 'number' ? prefixesOf(one) : [];
      return [valueFacet(key, one), ...ranges.map((prefix) => rangeFacet(key, prefix))];
    });
  });
  return [...new Set(facets)];
}

/** What a condition asks: the picture has one of these facets, or (`not-in`) none of them. */
export function conditionFacets(condition: Condition): string[] {
  const { key } = condition;
  if (condition.kind !== 'range') {
    return [...new Set(condition.values.map((value) => valueFacet(key, value)))];
  }
  const { prefixes, numbers } = coverRange(condition);
  return [
    ...prefixes.map((prefix) => rangeFacet(key, prefix)),
    ...numbers.map((value) => valueFacet(key, value)),
  ];
}
