import { chunks } from '../core/chunks.ts';
import type { Async, Failure } from '../core/failure.ts';
import type { ImageRecord, Vector } from '../core/model.ts';
import type { Point } from '../core/ports.ts';
import { type Result, ok } from '../core/result.ts';
import type { Engine } from './embedded-engine.ts';
import { idFacet, pageFacets } from './embedded-facets.ts';
import { hasAny } from './embedded-filter.ts';
import type { Lifetime } from './embedded-lifetime.ts';
import type { Look, Stored } from './embedded-reads.ts';

const pageSize = 256;
/** More than any page has, below what zvec allows. */
const allOfPage = 100_000;

/** How stored points are looked at: until the end of the store, and while the caller waits. */
export type LookAt = (look: Look) => Async<Stored[]>;

export function lookWhile(engine: Engine, lifetime: Lifetime, signal?: AbortSignal): LookAt {
  return (look) => lifetime.attempt(() => engine.look(look), signal);
}

export async function getRecords(lookAt: LookAt, ids: readonly string[]): Async<ImageRecord[]> {
  const found = await lookAtIds(lookAt, ids, 'record');
  return found.ok ? ok(found.value.map(recordOf)) : found;
}

export async function getVectors(
  lookAt: LookAt,
  ids: readonly string[],
): Async<ReadonlyMap<string, Vector>> {
  const found = await lookAtIds(lookAt, ids, 'vector');
  return found.ok ? ok(new Map(found.value.map(({ id, vector }) => [id, vector]))) : found;
}

export async function* scanRecords(
  lookAt: LookAt,
  count: number,
): AsyncGenerator<Result<ImageRecord[], Failure>> {
  for await (const page of pages(lookAt, count, 'record')) {
    yield page.ok ? ok(page.value.map(recordOf)) : page;
  }
}

export async function* scanPoints(
  lookAt: LookAt,
  count: number,
): AsyncGenerator<Result<Point[], Failure>> {
  for await (const page of pages(lookAt, count, 'both')) {
    if (!page.ok) yield page;
    else yield ok(page.value.map((one) => ({ record: recordOf(one), vector: one.vector })));
  }
}

/**
 * Pages by a hash of the id, and not zvec's iterator: that one seals what is being written, and keeps
 * `optimize` out while it is open.
 */
async function* pages(
  lookAt: LookAt,
  count: number,
  output: Look['output'],
): AsyncGenerator<Result<Stored[], Failure>> {
  for (const facet of pageFacets(count, pageSize)) {
    const page = await lookAt({ filter: hasAny([facet]), limit: allOfPage, output });
    if (!page.ok) return yield page;
    if (page.value.length > 0) yield page;
  }
}

/** By facet, as zvec's fetch blocks for milliseconds per point that is not optimized yet. */
async function lookAtIds(
  lookAt: LookAt,
  ids: readonly string[],
  output: Look['output'],
): Async<Stored[]> {
  const points: Stored[] = [];
  for (const some of chunks([...new Set(ids)], pageSize)) {
    // One more than there can be: where zvec has them all before it has looked everywhere, its Arrow
    // writes on standard error that it was cancelled.
    const limit = some.length + 1;
    const found = await lookAt({ filter: hasAny(some.map(idFacet)), limit, output });
    if (!found.ok) return found;
    points.push(...found.value);
  }
  return ok(points);
}

export function recordOf({ record }: { readonly record: string }): ImageRecord {
  return JSON.parse(record) as ImageRecord;
}
