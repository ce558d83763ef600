import { type Async, type Failure, failure } from '../../core/failure.ts';
import { indexObjects, type IndexObjectsOptions } from '../../core/index-objects.ts';
import type { Outcome } from '../../core/indexer.ts';
import type { ObjectReader, ObjectStore } from '../../core/object-store.ts';
import type { VectorStore } from '../../core/ports.ts';
import { err } from '../../core/result.ts';
import { isKeyInShard, type Shard } from '../../core/shard.ts';
import type { Engine } from '../open.ts';

export interface IndexBucketOptions extends Omit<IndexObjectsOptions, 'objects' | 'own' | 'take'> {
  readonly objects: ObjectStore;
  /** A list that was made before, in place of the bucket's own. */
  readonly inventory?: Pick<ObjectReader, 'list'> | undefined;
  readonly shard: Shard;
  /** Nothing new is begun after it; what is under way is finished and told. */
  readonly stop: AbortSignal;
  /** Gives up what is under way as well. */
  readonly signal: AbortSignal;
}

/** So many pictures one after the other that could not be read or written: the bucket is out of reach. */
const mostUnavailable = 32;

/**
 * Brings the index up to the state of a bucket, or of a part of it; thumbnails and rejects go where the
 * functions put them. Ends with `objects_unavailable` when the bucket can't be reached any more, and
 * with `cancelled` after `stop`.
 */
export async function indexBucket(
  { encoder, store }: Pick<Engine, 'encoder' | 'store'>,
  { inventory, shard, stop, onOutcomes, ...options }: IndexBucketOptions,
): Async<void> {
  const { objects, signal } = options;
  const reach = createReach(objects.root);
  const ends = AbortSignal.any([stop, signal, reach.signal]);
  const list: ObjectReader['list'] = (listed) =>
    (inventory ?? objects).list({ ...listed, signal: ends });
  // Pruning ends with the scan.
  const scan: VectorStore['scan'] = () => store.scan(ends);
  const done = await indexObjects(
    { encoder, store: { ...store, scan } },
    {
      ...options,
      objects: { ...objects, list },
      own: objects,
      take: ({ key }) => isKeyInShard(objects.root, key, shard),
      async onOutcomes(outcomes) {
        reach.add(outcomes);
        await onOutcomes(outcomes);
      },
    },
  );
  const lost = done.ok || reach.signal.aborted ? reach.lost() : undefined;
  return lost === undefined ? done : err(lost);
}

/** Notices that nothing of the bucket can be reached any more, before a million pictures have failed. */
function createReach(root: string) {
  const ending = new AbortController();
  let unavailable: Outcome[] = [];
  return {
    signal: ending.signal,
    add(outcomes: readonly Outcome[]) {
      for (const outcome of outcomes) {
        if (outcome.code === 'objects_unavailable') unavailable.push(outcome);
        else if (outcome.outcome !== 'skipped') unavailable = [];
      }
      if (unavailable.length >= mostUnavailable) ending.abort();
    },
    /** Set when the last ones failed for this. */
    lost(): Failure | undefined {
      const last = unavailable.at(-1);
      if (last === undefined) return undefined;
      const detail = last.reason ?? `Cannot reach the bucket any more: ${root}`;
      return failure('objects_unavailable', detail);
    },
  };
}
