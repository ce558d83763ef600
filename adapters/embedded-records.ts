import type { ZVecDoc, ZVecDocInput, ZVecQuery } from '@zvec/zvec';
import type { Async, Failure } from '../core/failure.ts';
import type { ImageRecord, Vector } from '../core/model.ts';
import type { Point } from '../core/ports.ts';
import { type Result, ok } from '../core/result.ts';
import type { Engine } from './embedded-engine.ts';
import { facetsOf, idFacet, pageFacets } from './embedded-facets.ts';
import { hasAny } from './embedded-filter.ts';

const pageSize = 256;
/** More than any page has, below what zvec allows. */
const allOfPage = 100_000;

/** A point as zvec keeps it. */
export function documentOf({ record, vector }: Point): ZVecDocInput {
  return {
    id: record.id,
    vectors: { embedding: vector },
    fields: { record: JSON.stringify(record), facets: facetsOf(record) },
  };
}

export function recordOf({ fields }: ZVecDoc): ImageRecord {
  return JSON.parse(fields['record']) as ImageRecord;
}

export async function getRecords(engine: Engine, ids: readonly string[]): Async<ImageRecord[]> {
  const found = await fetchByIds(engine, ids, { outputFields: ['record'] });
  return found.ok ? ok(found.value.map(recordOf)) : found;
}

export async function getVectors(
  engine: Engine,
  ids: readonly string[],
): Async<ReadonlyMap<string, Vector>> {
  const found = await fetchByIds(engine, ids, { outputFields: [], includeVector: true });
  return found.ok ? ok(new Map(found.value.map(vectorOf))) : found;
}

/**
 * Pages by a hash of the id, and not zvec's iterator: that one blocks this thread, seals what is
 * being written, and keeps `optimize` out while it is open.
 */
export async function* scanRecords(
  engine: Engine,
  count: number,
  signal?: AbortSignal,
): AsyncGenerator<Result<ImageRecord[], Failure>> {
  for (const facet of pageFacets(count, pageSize)) {
    const query = { filter: hasAny([facet]), topk: allOfPage, outputFields: ['record'] };
    const page = await engine.read((zvec) => zvec.query(query), signal);
    if (!page.ok) return yield page;
    if (page.value.length > 0) yield ok(page.value.map(recordOf));
  }
}

/** A query by facet, as zvec's fetch blocks for milliseconds per point that is not optimized yet. */
async function fetchByIds(
  engine: Engine,
  ids: readonly string[],
  output: Pick<ZVecQuery, 'outputFields' | 'includeVector'>,
): Async<ZVecDoc[]> {
  const documents: ZVecDoc[] = [];
  for (const some of chunks([...new Set(ids)], pageSize)) {
    const query = { ...output, filter: hasAny(some.map(idFacet)), topk: some.length };
    const found = await engine.read((zvec) => zvec.query(query));
    if (!found.ok) return found;
    documents.push(...found.value);
  }
  return ok(documents);
}

function vectorOf({ id, vectors }: ZVecDoc): [string, Vector] {
  return [id, Float32Array.from(vectors['embedding'] as number[])];
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
