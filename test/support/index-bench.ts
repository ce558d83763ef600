import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createPictureReader } from '../../adapters/picture-reader.ts';
import type { Failure } from '../../core/failure.ts';
import { imageIdAt } from '../../core/image-metadata.ts';
import { createIndexer, type IndexerLimits, type IndexerParts } from '../../core/indexer.ts';
import { rejectKey, thumbnailKey } from '../../core/own-keys.ts';
import { parseReject } from '../../core/rejects.ts';
import { expectOk } from './expect-ok.ts';
import { createFakeEncoder } from './fake-encoder.ts';
import { createMemoryObjects, type ObjectCall, type ObjectHook } from './memory-objects.ts';

/** A bucket in memory that is indexed into a store in memory, with all requests to the bucket on record. */
export function createIndexBench(parts: Partial<IndexerParts & IndexerLimits> = {}) {
  const calls: ObjectCall[] = [];
  const hooks: { before?: ObjectHook; after?: ObjectHook } = {};
  const objects = createMemoryObjects({
    before(call) {
      calls.push(call);
      return hooks.before?.(call);
    },
    after: (call) => hooks.after?.(call),
  });
  const encoder = parts.encoder ?? createFakeEncoder();
  const store = parts.store ?? createMemoryStore({ dimensions: encoder.model.dimensions });
  const pictures = createPictureReader();
  const own = objects;
  const indexer = createIndexer({ objects, encoder, store, pictures, own, ...parts });
  const idOf = (key: string): string => imageIdAt(objects.root, key);
  return {
    objects,
    store,
    indexer,
    hooks,
    calls,
    idOf,
    /** Looks at keys, and gives what became of each. */
    async look(...keys: string[]): Promise<Record<string, string>> {
      const outcomes = expectOk(await indexer.look(keys));
      return Object.fromEntries(outcomes.map(({ path, outcome, code }) => [path, code ?? outcome]));
    },
    record: async (key: string) => expectOk(await store.get([idOf(key)]))[0],
    vector: async (key: string) => expectOk(await store.vectors([idOf(key)])).get(idOf(key)),
    thumbnail: (key: string) => objects.peek(thumbnailKey(idOf(key)))?.bytes,
    reject(key: string) {
      const file = objects.peek(rejectKey(idOf(key)));
      return file && expectOk(parseReject(file.bytes));
    },
    /** How often each operation was asked of since the last time. */
    counts(): Partial<Record<ObjectCall['operation'], number>> {
      const asked = calls.splice(0).map(({ operation }) => operation);
      return Object.fromEntries(
        [...Map.groupBy(asked, (operation) => operation)].map(([name, all]) => [name, all.length]),
      );
    },
    failAt(operation: ObjectCall['operation'], part: string, why: Failure): void {
      hooks.before = (call) =>
        call.operation === operation && call.keys.some((key) => key.includes(part))
          ? why
          : undefined;
    },
  };
}
