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
  /**
   * The same for one of many changes: at once after a quiet second, else within a second, so that all
   * processes together end a generation about once a second. Whether it is certain that it will have
   * ended by then.
   */
  endSoon(): Promise<boolean>;
}

/** What `endSoon` calls soon. */
export const soonSeconds = 1;

/** @param index What tells this index from all others in the cache. */
export function createGeneration(cache: Cache, index: string): Generation {
  const key = `generation:${index}`;
  /** There as long as an end was a second ago or less, or is still to come. */
  const restless = `generation-restless:${index}`;
  const end = () => cache.remove(key);
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
    end,
    async endSoon() {
      const quiet = { ttlSeconds: soonSeconds, onlyIfAbsent: true };
      if (await cache.set(restless, '1', quiet)) return end();
      const [certain] = await Promise.all([
        cache.shorten(key, soonSeconds),
        cache.set(restless, '1', { ttlSeconds: 2 * soonSeconds }),
      ]);
      return certain || end();
    },
  };
}

export interface WithGenerationOptions {
  readonly logger: Pick<Logger, 'warn'>;
  readonly retryMs?: number;
  /** For many changes in a row: each is seen within a second, and all of them after the close. */
  readonly coalesce?: boolean;
}

/**
 * A store whose every change ends the generation, so that no cached answer hides it. An end that
 * could not be made certain is tried again every `retryMs`, and at the close; what is still open then
 * is said in the log, as answers may be as old as the cache keeps them.
 */
export function withGeneration(
  store: VectorStore,
  generation: Pick<Generation, 'end'> & Partial<Pick<Generation, 'endSoon'>>,
  { logger, retryMs = 1000, coalesce = false }: WithGenerationOptions,
): VectorStore {
  const { end, close } = createEnding(generation, retryMs);
  async function endAfter<T>(change: Async<T>, soon = coalesce): Async<T> {
    try {
      return await change;
    } finally {
      // Also after a failure: part of the points may be in.
      await end(soon);
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
      return ok({ ...begun.value, publish: () => endAfter(publish(), false) });
    },
    async close() {
      await store.close();
      if (!(await close())) logger.warn({}, untold);
    },
  };
}

function createEnding(
  generation: Pick<Generation, 'end'> & Partial<Pick<Generation, 'endSoon'>>,
  retryMs: number,
) {
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  /** Not every change is certain to be seen by now. */
  let open = false;
  async function end(soon: boolean): Promise<boolean> {
    open = soon;
    const ended = await (soon && generation.endSoon ? generation.endSoon() : generation.end());
    open ||= !ended;
    clearTimeout(retry);
    retry = ended || closed ? undefined : setTimeout(() => void end(false), retryMs).unref();
    return ended;
  }
  return {
    end,
    async close(): Promise<boolean> {
      closed = true;
      return !open || end(false);
    },
  };
}

const untold =
  'Cannot tell the cache that the index has changed as it does not answer: searches may miss the change until REDIS_CACHE_TTL has passed';
