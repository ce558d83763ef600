import { readCollectionModel } from '../../adapters/qdrant-opening.ts';
import { qdrantOptions } from '../../adapters/qdrant-settings.ts';
import { createQdrantStore } from '../../adapters/qdrant-store.ts';
import { openRedisGeneration } from '../../adapters/redis-generation.ts';
import { createS3Client, needsPathStyle } from '../../adapters/s3-client.ts';
import { createS3Objects } from '../../adapters/s3-objects.ts';
import { createSqsQueue } from '../../adapters/sqs-queue.ts';
import { type Async, failure } from '../../core/failure.ts';
import { withGeneration } from '../../core/generation.ts';
import type { Logger, VectorStore } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import type { ReconcileFunctionParts } from './app.ts';
import type { ReconcileConfig } from './config.ts';

/** What lives as long as the function's process does; none of it need answer yet. */
export type OpenedParts = Pick<
  ReconcileFunctionParts,
  'objects' | 'queue' | 'openStore' | 'filterBytes' | 'maxRemovedShare' | 'settleMs'
>;

export function openReconcile(config: ReconcileConfig, logger: Logger): OpenedParts {
  const { PICTURES_BUCKET: bucket, QUEUE_URL: url } = config;
  const client = createS3Client({ pathStyle: needsPathStyle(config) });
  const objects = createS3Objects({ bucket, client });
  const generation = openRedisGeneration(config, logger, objects);
  return {
    objects,
    queue: createSqsQueue({ url }),
    async openStore() {
      const store = await openStore(config, logger);
      if (!store.ok || !generation) return store;
      return ok(withGeneration(store.value, generation, { logger, coalesce: true }));
    },
    filterBytes: config.RECONCILE_FILTER_MB * 2 ** 20,
    maxRemovedShare: config.RECONCILE_MAX_REMOVED,
    settleMs: config.RECONCILE_SETTLE_SECONDS * 1000,
  };
}

/** The index as it is, whatever model has made it: nothing is encoded here. */
async function openStore(config: ReconcileConfig, logger: Logger): Async<VectorStore> {
  // Of a new collection, which is not made here.
  const shape = { QDRANT_HNSW_M: 16, QDRANT_HNSW_EF_CONSTRUCT: 200 };
  const options = qdrantOptions({ ...config, ...shape });
  const { address, timeoutMs, collection } = options;
  const model = await readCollectionModel({ ...address, timeoutMs }, collection);
  if (!model.ok) return model;
  if (model.value !== undefined) {
    return createQdrantStore({ ...options, model: model.value, logger });
  }
  const detail = `Cannot compare the bucket with its index as there is none of this name yet (the first picture that is uploaded makes one): ${collection}`;
  return err(failure('collection_missing', detail));
}
