import { createLru } from '../core/lru.ts';
import type { Cache } from '../core/ports.ts';

export interface MemoryCacheOptions {
  /** What all keys and values together may take. */
  readonly maxBytes?: number;
  /** In milliseconds. */
  readonly now: () => number;
}

/** What an entry takes besides its texts, roughly. */
const entryBytes = 200;

/** Texts in the memory of this process alone: what was unused for longest gives way. */
export function createMemoryCache({ maxBytes = 64_000_000, now }: MemoryCacheOptions): Cache {
  const entries = createLru<Entry>(maxBytes, weigh);

  function find(key: string): string | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.endsAtMs > now()) return entry.value;
    entries.delete(key);
    return undefined;
  }

  return {
    kind: 'memory',
    // At the end of this turn of the event loop, like Redis. Under load many ask in one turn, and are
    // then answered together: one by one, each wakes its client, which takes half as long again.
    get: (keys) => new Promise((resolve) => setImmediate(() => resolve(keys.map(find)))),
    async set(key, value, { ttlSeconds = Infinity, onlyIfAbsent = false } = {}) {
      if (ttlSeconds <= 0 || (onlyIfAbsent && find(key) !== undefined)) return false;
      const entry = { value, endsAtMs: now() + ttlSeconds * 1000 };
      entries.set(key, entry);
      return entries.get(key) === entry;
    },
    async remove(key) {
      entries.delete(key);
      return true;
    },
    async shorten(key, ttlSeconds) {
      const endsAtMs = now() + ttlSeconds * 1000;
      const value = find(key);
      const entry = entries.get(key);
      if (value !== undefined && entry && entry.endsAtMs > endsAtMs) {
        entries.set(key, { value, endsAtMs });
      }
      return true;
    },
    isConnected: async () => true,
    close: async () => entries.clear(),
  };
}

interface Entry {
  readonly value: string;
  readonly endsAtMs: number;
}

function weigh({ value }: Entry, key: string): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value) + entryBytes;
}
