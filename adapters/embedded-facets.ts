import { hash } from 'node:crypto';
import type { ImageMetadata, ImageRecord } from '../core/model.ts';
import { prefixesOf } from './embedded-ranges.ts';

/**
 * A facet is a statement about a picture, hashed to 12 letters: whatever it says, it is safe in a
 * filter expression, and the index is as small for long values as for short ones.
 */
function facet(...statement: readonly (string | number | boolean)[]): string {
  return hash('md5', JSON.stringify(statement), 'base64url').slice(0, 12);
}

export function idFacet(id: string): string {
  return facet('id', id);
}

/** The picture has this value under this key, alone or in a list. */
export function valueFacet(key: string, value: string | number | boolean): string {
  return facet('is', key, value);
}

/** The picture has a number under this key that is stored under this prefix. */
export function rangeFacet(key: string, prefix: string): string {
  return facet('in', key, prefix);
}

const finestLevel = 3;

/** Facets that part `count` pictures into pages of about `pageSize`. */
export function* pageFacets(count: number, pageSize: number): Generator<string> {
  const wanted = Math.ceil(Math.log(Math.max(count / pageSize, 1)) / Math.log(16));
  const level = Math.min(Math.max(wanted, 1), finestLevel);
  for (let page = 0; page < 16 ** level; page++) {
    yield facet('page', page.toString(16).padStart(level, '0'));
  }
}

function pagesOf(id: string): string[] {
  const place = hash('md5', id, 'hex').slice(0, finestLevel);
  return Array.from({ length: finestLevel }, (_, level) =>
    facet('page', place.slice(0, level + 1)),
  );
}

/** Everything that filters, look-ups by id and pages can ask of a record. */
export function facetsOf(record: ImageRecord): string[] {
  return [...new Set([idFacet(record.id), ...pagesOf(record.id), ...metadataFacets(record)])];
}

function metadataFacets({ metadata }: { readonly metadata: ImageMetadata }): string[] {
  return Object.entries(metadata).flatMap(([key, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values.flatMap((one) => {
      if (one === null) return [];
      const ranges = typeof one === 'number' ? prefixesOf(one) : [];
      return [valueFacet(key, one), ...ranges.map((prefix) => rangeFacet(key, prefix))];
    });
  });
}
