import type { Async } from '../core/failure.ts';
import type { Filter } from '../core/filter.ts';
import type { Vector } from '../core/model.ts';
import type { Effort, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { percentile } from '../core/rolling-window.ts';
import type { Neighbours } from './exact-neighbours.ts';
import { meanOf, recallAt } from './recall.ts';

/** A query with what is right about it. */
export interface JudgedQuery {
  readonly vector: Vector;
  readonly from: 'text' | 'image';
  readonly nearest: Neighbours;
  /** A row that the answer does not count: that which the query was made of. */
  readonly except?: number | undefined;
}

export interface SearchSettings {
  readonly k: number;
  readonly filter?: Filter | undefined;
  readonly effort?: Partial<Effort> | undefined;
  /** The row of an id; left out: the id is the row. */
  readonly rowOf?: ((id: string) => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One number per query each. */
export interface Tally {
  readonly recalls: number[];
  readonly milliseconds: number[];
}

export interface Measured {
  /** Mean share of the nearest that were found, 0 to 1. */
  readonly recall: number;
  /** Queries that had anything to find. */
  readonly queries: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

/** Asks one query, and adds what came of it. */
export async function askOnce(
  store: Pick<VectorStore, 'query'>,
  { vector, nearest, except }: JudgedQuery,
  { k, filter, effort, rowOf = Number, signal }: SearchSettings,
  tally: Tally,
): Async<void> {
  const limit = except === undefined ? k : k + 1;
  const begin = performance.now();
  const found = await store.query({ vector, limit, filter, effort, signal });
  const milliseconds = performance.now() - begin;
  if (!found.ok) return found;
  const rows = found.value.map(({ record }) => rowOf(record.id)).filter((row) => row !== except);
  const recall = recallAt(k, nearest, rows);
  if (recall !== undefined) {
    tally.recalls.push(recall);
    tally.milliseconds.push(milliseconds);
  }
  return ok(undefined);
}

export function summarizeTally({ recalls, milliseconds }: Tally): Measured {
  const sorted = Float64Array.from(milliseconds).sort();
  return {
    recall: meanOf(recalls),
    queries: recalls.length,
    p50_ms: percentile(sorted, 50),
    p95_ms: percentile(sorted, 95),
    p99_ms: percentile(sorted, 99),
  };
}
