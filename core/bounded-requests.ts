import type { Room } from './in-parallel.ts';
import type { ObjectReader, ObjectStore } from './object-store.ts';

/** Reads that wait for a place in a room. Lists do not: one takes as long as whoever reads it. */
export function withBoundedReads<T extends ObjectReader>(objects: T, room: Room): T {
  return {
    ...objects,
    head: (key, signal) => room(1, () => objects.head(key, signal)),
    get: (key, signal) => room(1, () => objects.get(key, signal)),
  };
}

export function withBoundedRequests(objects: ObjectStore, room: Room): ObjectStore {
  return {
    ...withBoundedReads(objects, room),
    put: (key, bytes, options) => room(1, () => objects.put(key, bytes, options)),
    remove: (keys, signal) => room(1, () => objects.remove(keys, signal)),
  };
}
