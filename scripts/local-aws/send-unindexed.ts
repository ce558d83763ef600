import { imageIdAt } from '../../core/image-metadata.ts';
import { inBatches } from '../../core/batches.ts';
import { formatObjectMessage } from '../../core/object-event.ts';
import type { ObjectReader } from '../../core/object-store.ts';
import type { Logger, VectorStore } from '../../core/ports.ts';
import type { Queue } from '../../core/queue.ts';

export interface SendUnindexedParts {
  readonly objects: Pick<ObjectReader, 'root' | 'list'>;
  readonly store: Pick<VectorStore, 'get'>;
  readonly bucket: string;
  readonly queue: Pick<Queue, 'send'>;
  readonly logger: Pick<Logger, 'warn'>;
}

const page = { maxCount: 100, maxWeight: Infinity } as const;

/**
 * Sends messages about objects that the index does not have as they are: of a bucket that was kept
 * longer than the index, or whose messages were not.
 */
export async function sendUnindexed(parts: SendUnindexedParts): Promise<void> {
  const { objects, store, bucket, queue, logger } = parts;
  for await (const items of inBatches(objects.list(), page, () => 0)) {
    const infos = items.flatMap((item) => (item.ok ? [item.value] : []));
    const ids = infos.map(({ key }) => imageIdAt(objects.root, key));
    const known = await store.get(ids);
    const versions = new Map(
      known.ok ? known.value.map((record) => [record.id, record.origin.version]) : [],
    );
    const missing = infos.filter((info, place) => versions.get(ids[place] ?? '') !== info.version);
    const bodies = formatObjectMessage(
      bucket,
      missing.map(({ key }) => key),
    );
    const sent = await queue.send(bodies.map((body) => ({ body })));
    if (!sent.ok) logger.warn({ reason: sent.error.detail }, 'Cannot look at the whole bucket');
  }
}
