import { createBloomFilter } from './bloom-filter.ts';
import type { Async } from './failure.ts';
import type { ObjectStore } from './object-store.ts';
import type { VectorStore } from './ports.ts';
import { compareListing, readRejects } from './reconcile-listing.ts';
import { removeOrphans } from './reconcile-orphans.ts';
import { removeLeftovers } from './reconcile-leftovers.ts';
import type { ReconcileCounts, Reconciling, Stop } from './reconciling.ts';
import { createOwnFiles } from './rejects.ts';
import type { Result } from './result.ts';

export type ReconcileStep = 'listing' | 'scanning' | 'leftovers' | 'done';

export interface ReconcileParts {
  /** The bucket: pictures, and the thumbnails and rejects beside them. */
  readonly objects: ObjectStore;
  readonly store: Pick<VectorStore, 'get' | 'scan' | 'remove'>;
  /** Asks an indexer to look at these keys, at most a thousand. */
  readonly send: (keys: readonly string[], signal?: AbortSignal) => Async<void>;
  /** A random whole number of 32 bits, another one in every run. */
  readonly seed: number;
  readonly filterBytes?: number;
  /**
   * No more than this share of the bucket's pictures is taken out of the index, unless these are a
   * thousand or fewer: rather the bucket is the wrong one.
   */
  readonly maxRemovedShare?: number;
  readonly force?: boolean;
  /** Counts, and changes nothing. */
  readonly dryRun?: boolean;
  /** Waits until what is being indexed now is: a picture has a thumbnail before it has a record. */
  readonly settle?: () => Promise<void>;
  /** Told how many objects or records the step has looked at, page by page. */
  readonly onProgress?: (step: ReconcileStep, count: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface ReconcileReport extends Readonly<ReconcileCounts> {
  /** `s3://bucket`. */
  readonly root: string;
  readonly dryRun: boolean;
  /** Whether the whole bucket was compared with the whole index. */
  readonly finished: boolean;
  /** The step that it came to; `done` at the end. */
  readonly step: ReconcileStep;
  /** Why it did not finish. */
  readonly stopped: Stop | null;
}

/** 64 MiB. */
const defaultFilterBytes = 64 * 2 ** 20;

/**
 * Compares a bucket with its part of the index, and repairs what differs: pictures that are missing in
 * the index, or are there in an older state, are given to an indexer, and records (with thumbnail and
 * reject) whose picture is gone are removed. Whatever events were lost, nothing is wrong for longer than
 * from one run to the next; except that a change of an object's metadata alone is not seen, as a
 * listing tells no more than versions, nor a thumbnail that somebody else has removed.
 *
 * It takes the same memory for any number of pictures: of those that were listed it keeps a Bloom filter.
 * A record that is not in it is certainly not of a listed picture. A record of a deleted picture that seems
 * to be in it stays until the next run, which has another seed. With 64 MiB that are none at a million
 * pictures, 1 deleted picture of 37,000 at 10 million and 1 of 13 at 100 million; with 256 MiB there 1 of
 * 1,200.
 *
 * Others may upload, delete and index meanwhile. What is to be removed is looked at once more before, as
 * it may have come since the listing passed it, and once more after, as it may have come in between: then
 * it is given to the indexer. A listing that fails or is cut short removes nothing.
 */
export async function reconcile(parts: ReconcileParts): Promise<ReconcileReport> {
  const { filterBytes = defaultFilterBytes, seed, objects, dryRun = false } = parts;
  const work: Reconciling = {
    ...parts,
    listed: createBloomFilter(filterBytes, seed),
    // There are few, and one that is taken for one costs no more than a look.
    rejects: createBloomFilter(Math.ceil(filterBytes / 16), seed),
    own: createOwnFiles(objects),
    counts: noneYet(),
  };
  const steps = [
    ['listing', readRejects],
    ['listing', compareListing],
    ['scanning', removeOrphans],
    ['leftovers', removeLeftovers],
  ] as const;
  const report = { root: objects.root, dryRun };
  for (const [step, run] of steps) {
    const done: Result<void, Stop> = await run(work);
    if (done.ok) continue;
    const { code, detail } = done.error;
    return { ...report, ...work.counts, finished: false, step, stopped: { code, detail } };
  }
  return { ...report, ...work.counts, finished: true, step: 'done', stopped: null };
}

function noneYet(): ReconcileCounts {
  return {
    pictures: 0,
    lastKey: null,
    missing: 0,
    stale: 0,
    rejected: 0,
    sent: 0,
    indexed: 0,
    otherRoots: 0,
    orphans: 0,
    leftovers: 0,
  };
}
