import type { Gate } from './gate.ts';
import type { ObjectReader, ObjectStore } from './object-store.ts';

/** Reads that wait for a place. Lists do not: one takes as long as whoever reads it. */
export function withBoundedReads<T extends ObjectReader>(objects: T, gate: Gate): T {
  return {
    ...objects,
    head: (key, signal) => gate.run(1, () => objects.head(key, signal), signal),
    get: (key, signal) => gate.run(1, () => objects.get(key, signal), signal),
  };
}

export function withBoundedRequests(objects: ObjectStore, gate: Gate): ObjectStore {
  return {
    ...withBoundedReads(objects, gate),
    put: (key, bytes, options) =>
      gate.run(1, () => objects.put(key, bytes, options), options?.signal),
    remove: (keys, signal) => gate.run(1, () => objects.remove(keys, signal), signal),
  };
}
