import { hash } from 'node:crypto';
import * as z from 'zod';
import { createGeneration } from './generation.ts';
import { createLru } from './lru.ts';
import { type SearchQuery, SearchResponse } from './model.ts';
import { parseKept } from './parse-kept.ts';
import type { Cache } from './ports.ts';
import { requestKey } from './request-key.ts';
import type { Clock } from './timings.ts';

export interface KeptAnswersOptions {
  readonly cache: Cache;
  /** What tells the index from all others in the cache: its collection, and where that is. */
  readonly index: string;
  readonly modelId: string;
  readonly ttlSeconds: number;
  readonly now: Clock;
}

/** Answers that are kept at hand, parsed: up to 100 results each, so 60 MB at the very most. */
const nearAnswers = 512;
const maxNearMs = 60_000;

const Kept = z.object({ generation: z.string(), response: SearchResponse });
type Kept = z.infer<typeof Kept>;

/** What the cache knows. */
export interface Found {
  /** To keep an answer under; `undefined` when the cache can't keep one. */
  readonly generation: string | undefined;
  readonly response?: SearchResponse;
}

/**
 * The answers of one index and one model in a cache. What was looked up once stays at hand, and only
 * its generation is asked for again: so an answer is never older than the index, and a known one
 * costs no parsing.
 */
export function createKeptAnswers(options: KeptAnswersOptions) {
  const { cache, index, modelId, ttlSeconds, now } = options;
  const prefix = `answer:${hash('sha256', `${index} ${modelId}`, 'base64url').slice(0, 22)}:`;
  const generations = createGeneration(cache, index);
  const near = createLru<Kept & { readonly endsAtMs: number }>(nearAnswers);
  const nearMs = Math.min(ttlSeconds * 1000, maxNearMs);

  function setAside(key: string, kept: Kept): void {
    near.set(key, { ...kept, endsAtMs: now() + nearMs });
  }

  async function askFar(key: string): Promise<Found | undefined> {
    const values = await cache.get([generations.key, key]);
    if (values === undefined) return undefined;
    const [known, value] = values;
    const generation = known ?? (await generations.ensure());
    const kept = parseKept(Kept, value);
    if (kept === undefined || kept.generation !== generation) return { generation };
    setAside(key, kept);
    return kept;
  }

  return {
    keyOf: (query: SearchQuery): string => prefix + requestKey(query),
    /** `undefined` when the cache can't be asked. */
    async lookUp(key: string): Promise<Found | undefined> {
      const kept = near.get(key);
      if (kept === undefined || kept.endsAtMs <= now()) return askFar(key);
      const values = await cache.get([generations.key]);
      if (values === undefined) return undefined;
      return values[0] === kept.generation ? kept : askFar(key);
    },
    keep(key: string, kept: Kept): void {
      setAside(key, kept);
      // Nobody waits for it: what can't be kept will be searched again.
      void cache.set(key, JSON.stringify(kept), { ttlSeconds });
    },
  };
}
