import { randomUUID } from 'node:crypto';
import type { Async } from './failure.ts';
import type { Cache, Logger, VectorStore } from './ports.ts';
import { ok } from './result.ts';

/**
 * The state of an index as caches know it: a random text under a key of the index, made by the first
 * search that finds none and removed whenever the index has changed. An answer counts as long as the
 * generation that it was computed under is still there; where it was lost or evicted, so are they.
 */
export interface Generation {
  readonly key: string;
  /** The generation now; made if there is none. `undefined` when the cache can't keep one. */
  ensure(): Promise<string | undefined>;
  /** Ends the generation: to be called after every change. Whether it is certain that it ended. */
  end(): Promise<boolean>;
}

/** @param index What tells this index from all others in the cache. */
export function createGeneration(cache: Cache, index: string): Generation {
  const key = `generation:${index}`;
  let making: Promise<unknown> | undefined;

  return {
    key,
    async ensure() {
      making ??= cache.set(key, randomUUID(), { onlyIfAbsent: true }).finally(() => {
        making = undefined;
      });
      await making;
      // What was made may have ended since, or somebody else's was there first.
      const [generation] = (await cache.get([key])) ?? [];
      return generation;
    },
    end: () => cache.remove(key),
  };
}

/**
 * A store whose every change ends the generation, so that no cached answer hides it. An end that
 * could not be made certain is tried again every `retryMs`, and at the close; what is still open then
 * is said in the log, as answers may be as old as the cache keeps them.
 */
export function withGeneration(
  store: VectorStore,
  generation: Pick<Generation, 'end'>,
  { logger, retryMs = 1000 }: { readonly logger: Pick<Logger, 'warn'>; readonly retryMs?: number },
): VectorStore {
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  async function end(): Promise<boolean> {
    const ended = await generation.end();
    clearTimeout(retry);
    retry = ended || closed ? undefined : setTimeout(() => void end(), retryMs).unref();
    return ended;
  }
  async function endAfter<T>(change: Async<T>): Async<T> {
    try {
      return await change;
    } finally {
      // Also after a failure: part of the points may be in.
      await end();
    }
  }
  return {
    ...store,
    upsert: (points, signal) => endAfter(store.upsert(points, signal)),
    remove: (ids, signal) => endAfter(store.remove(ids, signal)),
    async succeed(spec) {
      const begun = await store.succeed(spec);
      if (!begun.ok) return begun;
      const { publish } = begun.value;
      return ok({ ...begun.value, publish: () => endAfter(publish()) });
    },
    async close() {
      await store.close();
      closed = true;
      const ended = retry === undefined || (await end());
      if (!ended) logger.warn({}, untold);
    },
  };
}

const untold =
  'Cannot tell the cache that the index has changed as it does not answer: searches may miss the change until REDIS_CACHE_TTL has passed';
