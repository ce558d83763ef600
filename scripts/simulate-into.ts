import { abortFailure, type Async, failure } from '../core/failure.ts';
import type { VectorStore } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import type { Simulation } from './simulated-points.ts';

export interface Simulated {
  /** Rows that were there already. */
  readonly found: number;
  readonly written: number;
  readonly makingMs: number;
  readonly writingMs: number;
}

/**
 * Adds the rows that are missing, in order. What was killed left the first rows and no others, so the
 * same call goes on from there.
 */
export async function simulateInto(
  store: Pick<VectorStore, 'count' | 'get' | 'upsert'>,
  simulation: Simulation,
  options: {
    readonly count: number;
    readonly batchSize: number;
    readonly signal?: AbortSignal;
    /** Told of rows that are there, the ones found first. */
    readonly onRows: (count: number) => void;
  },
): Async<Simulated> {
  const found = await findRows(store, simulation, options.count);
  if (!found.ok) return found;
  options.onRows(found.value);
  let [makingMs, writingMs] = [0, 0];
  for (let row = found.value; row < options.count; row += options.batchSize) {
    if (options.signal?.aborted) return err(abortFailure(options.signal));
    const start = performance.now();
    const points = simulation.points(row, Math.min(options.batchSize, options.count - row));
    const made = performance.now();
    const written = await store.upsert(points);
    if (!written.ok) return written;
    makingMs += made - start;
    writingMs += performance.now() - made;
    options.onRows(points.length);
  }
  const written = Math.max(0, options.count - found.value);
  return ok({ found: found.value, written, makingMs, writingMs });
}

/** How many of the first rows are there. */
async function findRows(
  store: Pick<VectorStore, 'count' | 'get'>,
  { idOf }: Simulation,
  wanted: number,
): Async<number> {
  const counted = await store.count();
  if (!counted.ok || counted.value === 0) return counted;
  // An interrupted write may have left some of its rows out of order: a few are written once more.
  const count = Math.min(counted.value, wanted);
  for (let rows = count; rows > 0; rows -= Math.min(rows, 1000)) {
    const ids = Array.from({ length: Math.min(rows, 1000) }, (_, index) => idOf(rows - 1 - index));
    const there = await store.get(ids);
    if (!there.ok) return there;
    if (there.value.length === ids.length) return ok(rows);
    if (there.value.length === 0 && rows === count && count < wanted) break;
  }
  return err(
    failure(
      'index_unusable',
      `Cannot simulate as the collection holds other pictures, too (--remove takes it away, --collection names another): ${counted.value}`,
    ),
  );
}
