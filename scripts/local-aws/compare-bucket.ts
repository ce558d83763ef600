import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Generation } from '../../core/generation.ts';
import { formatObjectMessage } from '../../core/object-event.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import type { Logger, VectorStore } from '../../core/ports.ts';
import type { Queue } from '../../core/queue.ts';
import { reconcile } from '../../core/reconcile.ts';

export interface CompareBucketParts {
  readonly objects: ObjectStore;
  readonly store: Pick<VectorStore, 'get' | 'scan' | 'remove'>;
  readonly bucket: string;
  readonly queue: Pick<Queue, 'send'>;
  readonly generation: Pick<Generation, 'endSoon'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly signal: AbortSignal;
}

/** Enough for what one machine has. */
const filterBytes = 2 ** 20;

/** An upload that is being indexed has its thumbnail first. */
const settleMs = 10_000;

/**
 * What is done on AWS every night, at the start: bucket or index may have been kept longer than the
 * other, or have changed the moment before a crash, whose messages are lost.
 */
export async function compareBucket(parts: CompareBucketParts): Promise<void> {
  const { objects, store, bucket, queue, generation, logger, signal } = parts;
  const report = await reconcile({
    objects,
    store,
    seed: randomInt(2 ** 32),
    filterBytes,
    settle: () => sleep(settleMs, undefined, { signal }).catch(() => undefined),
    send: (keys) => queue.send(formatObjectMessage(bucket, keys).map((body) => ({ body }))),
    signal,
  });
  if (report.orphans > 0) await generation.endSoon();
  if (report.finished || signal.aborted) return;
  logger.warn(
    { reason: report.stopped?.detail },
    'Cannot compare all of the bucket with the index',
  );
}
