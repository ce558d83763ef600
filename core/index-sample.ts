import type { Async } from './failure.ts';
import type { Vector } from './model.ts';
import type { VectorStore } from './ports.ts';
import { ok } from './result.ts';
import { dot } from './vector-sums.ts';

/** What a vector's products with the pictures of the index are like, whatever they show. */
export interface Background {
  readonly mean: number;
  /** Standard deviation; above 0. */
  readonly spread: number;
}

/** Some pictures of the index that stand for all of it. */
export interface IndexSample {
  /** How many pictures the index has, about. */
  readonly pictures: number;
  /** How many pictures the sample has. */
  readonly size: number;
  backgroundOf(vector: Vector): Background;
  /** The same of pictures that don't show what the vector says, as far as most of them don't. */
  restOf(vector: Vector): Rest;
}

/** As the lowest quarter tells it of a normal distribution: three quarters may well show it. */
export interface Rest extends Background {
  readonly lowest: number;
}

type Store = Pick<VectorStore, 'scanPoints' | 'count'>;
interface Pictures {
  readonly vectors: readonly Vector[];
  readonly count: number;
}

/** 256 pictures give a mean and a spread to about 5 %; they are 1 MB at 1,024 dimensions. */
const wanted = 256;
/** An index changes: after so many uses the sample is read again; sooner, where it is all there was. */
const uses = { full: 2000, small: 20 };

/**
 * A sample that is read when it is first asked for, and kept for a while. Stores give their points in
 * pages by a hash of the id, so that the first pages are a fair part. What was read of an index with
 * fewer pictures than a sample has, is nothing to go by once there are more. Fails as the store does.
 */
export function createIndexSample(store: Store): (signal?: AbortSignal) => Async<IndexSample> {
  let kept: Pictures | undefined;
  let left = 0;

  async function isOfNow({ vectors, count }: Pictures, signal?: AbortSignal): Promise<boolean> {
    if (vectors.length === wanted) return true;
    const counted = await store.count(signal);
    return !counted.ok || counted.value === count;
  }

  return async (signal) => {
    left -= 1;
    if (kept && left > 0 && (await isOfNow(kept, signal))) return ok(toSample(kept));
    const read = await readSome(store, signal);
    if (!read.ok) return read;
    kept = read.value;
    left = kept.vectors.length < wanted ? uses.small : uses.full;
    return ok(toSample(kept));
  };
}

async function readSome(store: Store, signal: AbortSignal | undefined): Async<Pictures> {
  const count = await store.count(signal);
  if (!count.ok) return count;
  const vectors: Vector[] = [];
  for await (const page of store.scanPoints(signal)) {
    if (!page.ok) return page;
    vectors.push(...page.value.slice(0, wanted - vectors.length).map(({ vector }) => vector));
    if (vectors.length === wanted) break;
  }
  return ok({ vectors, count: Math.max(count.value, vectors.length) });
}

function toSample({ vectors, count }: Pictures): IndexSample {
  const products = (vector: Vector) => Float64Array.from(vectors, (one) => dot(one, vector));
  return {
    pictures: count,
    size: vectors.length,
    backgroundOf(vector) {
      const all = products(vector);
      const mean = all.reduce((sum, value) => sum + value, 0) / Math.max(all.length, 1);
      return { mean, spread: spreadFrom(all, mean) };
    },
    restOf(vector) {
      const all = products(vector).sort();
      const [tenth, quarter] = [quantile(all, 0.1), quantile(all, 0.25)];
      const spread = Math.max((quarter - tenth) / 0.607, 1e-6);
      return { mean: quarter + 0.674 * spread, spread, lowest: all[0] ?? 0 };
    },
  };
}

function spreadFrom(values: Float64Array, mean: number): number {
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.max(Math.sqrt(squares / Math.max(values.length, 1)), 1e-6);
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.floor(share * sorted.length)] ?? 0;
}
