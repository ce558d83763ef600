import { createMemoryStore } from '../../adapters/memory-store.ts';
import type { VectorStore } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';

/**
 * A store in memory that is a name for a collection, as with Qdrant: after `publish` it is the name of
 * the successor, and the collection before is still there.
 *
 * @param beforeSwitch What happens between the call of `publish` and the switch.
 */
export function createAliasedStore(
  dimensions: number,
  beforeSwitch: () => Promise<void> = async () => {},
): VectorStore & { readonly removed: () => number } {
  let current = createMemoryStore({ dimensions });
  let removed = 0;
  return {
    kind: 'aliased',
    removed: () => removed,
    query: (query) => current.query(query),
    get: (ids, signal) => current.get(ids, signal),
    vectors: (ids, signal) => current.vectors(ids, signal),
    upsert: (points, signal) => current.upsert(points, signal),
    remove: (ids, signal) => current.remove(ids, signal),
    count: (signal) => current.count(signal),
    scan: (signal) => current.scan(signal),
    scanPoints: (signal) => current.scanPoints(signal),
    describe: (signal) => current.describe(signal),
    optimize: () => current.optimize(),
    setEffort: (effort) => current.setEffort(effort),
    close: async () => {},
    async succeed({ model }) {
      const store = createMemoryStore({ dimensions: model.dimensions });
      return ok({
        store,
        async publish() {
          await beforeSwitch();
          const before = current;
          current = store;
          const remove = async () => {
            removed += 1;
            return ok(undefined);
          };
          return ok({ store: before, remove });
        },
        discard: async () => ok(undefined),
      });
    },
  };
}
