import type { Async } from '../core/failure.ts';
import type { Logger, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { createAccess } from './qdrant-access.ts';
import type { CollectionShape } from './qdrant-collection.ts';
import { createQdrantConnection, type QdrantAddress } from './qdrant-connection.ts';
import { createFixed, createFollower } from './qdrant-follower.ts';
import type { Generation, Model } from './qdrant-metadata.ts';
import { openGeneration } from './qdrant-opening.ts';
import { beginSuccessor } from './qdrant-successor.ts';

export interface QdrantStoreOptions {
  readonly address: QdrantAddress;
  /** `QDRANT_TIMEOUT_MS`: how long one call may take. */
  readonly timeoutMs: number;
  /** `QDRANT_COLLECTION`: an alias. */
  readonly collection: string;
  /** What makes the vectors; a collection of another model is refused. */
  readonly model: Model;
  /** How a new collection is made. */
  readonly shape: CollectionShape;
  /** The search space of a new collection; left out: vectors are kept as the model makes them. */
  readonly searchSpace?: SearchSpace | null | undefined;
  /** `QDRANT_HNSW_EF`: goes before what was tuned for the collection. */
  readonly ef?: number | undefined;
  readonly logger?: Pick<Logger, 'info' | 'warn'> | undefined;
}

/**
 * A `VectorStore` in a Qdrant of version 1.16 or later, alone or a cluster. It must be there when it is
 * opened; later outages are failures until it is back. Fails with `store_unavailable`, `timeout`,
 * `model_mismatch`, `index_unusable` when it cannot be opened.
 */
export async function createQdrantStore(options: QdrantStoreOptions): Async<VectorStore> {
  const { collection: alias, model, shape, searchSpace: space = null, ef, logger } = options;
  const connection = createQdrantConnection(options.address, options.timeoutMs);
  const opened = await openGeneration(connection, { alias, model, space, shape });
  if (!opened.ok) {
    connection.close();
    return opened;
  }
  const parts = { connection, ef, logger };
  const follower = createFollower({ connection, alias, opened: opened.value, logger });
  const open = (generation: Generation): VectorStore => ({
    ...createAccess({
      ...parts,
      collection: generation.name,
      follower: createFixed(generation),
    }),
    async succeed() {
      throw new Error(`Cannot begin a successor of ${generation.name} as it is not published yet`);
    },
    // The connection is that of the store it came from.
    close: async () => undefined,
  });
  return ok({
    ...createAccess({ ...parts, collection: alias, follower }),
    succeed: (spec) => beginSuccessor({ connection, alias, shape, follower, open }, spec),
    close: async () => connection.close(),
  });
}
