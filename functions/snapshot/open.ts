import { removeQdrantLeftovers } from '../../adapters/qdrant-leftovers.ts';
import { qdrantOptions } from '../../adapters/qdrant-settings.ts';
import { createQdrantSnapshots } from '../../adapters/qdrant-snapshots.ts';
import { openRedisGeneration } from '../../adapters/redis-generation.ts';
import { createS3Client, needsPathStyle } from '../../adapters/s3-client.ts';
import { createS3Snapshots, snapshotDeadlines } from '../../adapters/s3-snapshots.ts';
import type { Logger } from '../../core/ports.ts';
import type { SnapshotFunctionParts } from './app.ts';
import type { SnapshotConfig } from './config.ts';

/** What lives as long as the function's process does; none of it need answer yet. */
export type OpenedParts = Pick<
  SnapshotFunctionParts,
  'store' | 'place' | 'collection' | 'kept' | 'removeLeftovers' | 'endAnswers'
>;

/** Far more than any copy takes. */
const leftoverMs = 12 * 3_600_000;

export function openSnapshot(
  config: SnapshotConfig,
  { epochMs, logger }: { readonly epochMs: () => number; readonly logger: Logger },
): OpenedParts {
  // Of a new collection, which is not made here.
  const shape = { QDRANT_HNSW_M: 16, QDRANT_HNSW_EF_CONSTRUCT: 200 };
  const { address, timeoutMs, collection } = qdrantOptions({ ...config, ...shape });
  const nodes = config.QDRANT_NODES ?? [restUrl(config)];
  const qdrant = { address, timeoutMs, collection, nodes };
  return {
    store: createQdrantSnapshots(qdrant),
    place: createS3Snapshots({
      bucket: config.SNAPSHOTS_BUCKET,
      prefix: config.SNAPSHOTS_PREFIX,
      client: createS3Client({ pathStyle: needsPathStyle(config), ...snapshotDeadlines }),
    }),
    collection,
    kept: config.SNAPSHOTS_KEPT,
    endAnswers: openRedisGeneration(config, logger)?.end,
    removeLeftovers: () => removeQdrantLeftovers({ ...qdrant, before: epochMs() - leftoverMs }),
  };
}

function restUrl({ QDRANT_TLS, QDRANT_HOST, QDRANT_PORT }: SnapshotConfig): string {
  const host = QDRANT_HOST.includes(':') ? `[${QDRANT_HOST}]` : QDRANT_HOST;
  return `${QDRANT_TLS ? 'https' : 'http'}://${host}:${QDRANT_PORT}`;
}
