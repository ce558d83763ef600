import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { resolveAlias } from './qdrant-aliases.ts';
import { createQdrantConnection } from './qdrant-connection.ts';
import { createQdrantRest } from './qdrant-rest.ts';
import type { QdrantSnapshotsOptions } from './qdrant-snapshots.ts';

export interface LeftoversOptions extends QdrantSnapshotsOptions {
  /** Milliseconds since 1970: what was made since may be somebody's who still reads it. */
  readonly before: number;
}

/**
 * Removes snapshots of a collection that lie on Qdrant's own disk, where each takes as much room as the
 * index: whoever made one and was cut short has left it. Gives how many there were.
 */
export async function removeQdrantLeftovers(options: LeftoversOptions): Async<number> {
  const { address, timeoutMs, collection: alias, nodes, before } = options;
  const connection = createQdrantConnection(address, timeoutMs);
  const collection = await resolveAlias(connection, alias).finally(() => connection.close());
  if (!collection.ok) return collection;
  if (collection.value === undefined) return ok(0);
  let count = 0;
  for (const url of nodes) {
    const node = createQdrantRest({ url, apiKey: address.apiKey, idleMs: timeoutMs });
    const listed = await node.list(collection.value);
    if (!listed.ok) return listed;
    for (const { name, createdMs } of listed.value) {
      if (createdMs === undefined || createdMs >= before) continue;
      const removed = await node.remove(collection.value, name);
      if (!removed.ok) return removed;
      count += 1;
    }
  }
  return ok(count);
}
