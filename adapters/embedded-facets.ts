import { hash } from 'node:crypto';
import type { ImageRecord } from '../core/model.ts';
import { facet, metadataFacets } from './facets.ts';

export function idFacet(id: string): string {
  return facet('id', id);
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
  return [
    ...new Set([idFacet(record.id), ...pagesOf(record.id), ...metadataFacets(record.metadata)]),
  ];
}
