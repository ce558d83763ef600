import { hash } from 'node:crypto';
import * as z from 'zod';
import { createGeneration } from './generation.ts';
import { createLru } from './lru.ts';
import { type SearchQuery, SearchResponse } from './model.ts';
import type { Cache, Logger } from './ports.ts';
import { requestKey } from './request-key.ts';
import { ok } from './result.ts';
import { type RequestContext, roundMs, type Search } from './search.ts';
import type { Clock } from './timings.ts';

export interface CachedOptions {
  readonly cache: Cache;
  /** What tells the index from all others in the cache: its collection, and where that is. */
  readonly index: string;
  /** Answers of another model are not kept, and that there are such is said once. */
  readonly modelId: string;
  readonly ttlSeconds: number;
  readonly now: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Answers that are kept at hand, parsed: up to 100 results each, so 60 MB at the very most. */
const nearAnswers = 512;
const maxNearMs = 60_000;

const Kept = z.object({ generation: z.string(), response: SearchResponse });
type Kept = z.infer<typeof Kept>;

/**
 * Answers from the cache where it can: by canonical request, model, and generation of the index.
 * What was looked up once stays at hand, and only its generation is asked for again: so an answer is
 * never older than the index, and a known one costs no parsing. Empty answers are kept, failures
 * never. Without a cache that answers, it is as if there were none.
 */
export function withCache(search: Search, options: CachedOptions): Search {
  const answers = createAnswers(options);
  return async (query, context) => {
    const { notes, timings } = context;
    const key = answers.keyOf(query);
    const found = await timings.measure('cache', () => answers.lookUp(key));
    notes.cache = found === undefined ? 'bypass' : found.response ? 'hit' : 'miss';
    if (found?.response) return ok(answerOf(found.response, query, context));
    const generation = found?.generation;
    const searched = await search(query, { ...context, generation });
    // Nobody waits for it: what can't be kept will be searched again.
    if (searched.ok && generation !== undefined) {
      answers.keep(key, { generation, response: searched.value });
    }
    return searched;
  };
}

interface Found {
  readonly generation: string | undefined;
  readonly response?: SearchResponse;
}

function createAnswers({ cache, index, modelId, ttlSeconds, now, logger }: CachedOptions) {
  const generations = createGeneration(cache, index);
  const near = createLru<Kept & { readonly endsAtMs: number }>(nearAnswers);
  const nearMs = Math.min(ttlSeconds * 1000, maxNearMs);
  const setAside = (key: string, kept: Kept): void =>
    near.set(key, { ...kept, endsAtMs: now() + nearMs });
  // Those who shared one search come with one list of results: it is kept once.
  const handled = new WeakSet<SearchResponse['results']>();

  let refused: string | undefined;
  function refuse(model: string): void {
    if (refused === model) return;
    refused = model;
    const said = `Cannot cache as answers come from another model than CLIP_MODEL_NAME and CLIP_PRETRAINED say (${modelId}): ${model}`;
    logger.warn({}, said);
  }

  async function askFar(key: string): Promise<Found | undefined> {
    const values = await cache.get([generations.key, key]);
    if (values === undefined) return undefined;
    const [known, value] = values;
    const generation = known ?? (await generations.ensure());
    const kept = value === undefined ? undefined : parseKept(value);
    if (kept === undefined || kept.generation !== generation) return { generation };
    setAside(key, kept);
    return kept;
  }

  return {
    keyOf: (query: SearchQuery) =>
      `answer:${hash('sha256', `${index} ${modelId} ${requestKey(query)}`, 'base64url')}`,
    async lookUp(key: string): Promise<Found | undefined> {
      const kept = near.get(key);
      if (kept === undefined || kept.endsAtMs <= now()) return askFar(key);
      const values = await cache.get([generations.key]);
      if (values === undefined) return undefined;
      return values[0] === kept.generation ? kept : askFar(key);
    },
    keep(key: string, kept: Kept): void {
      const { results, model } = kept.response;
      if (handled.has(results)) return;
      handled.add(results);
      if (model !== modelId) return refuse(model);
      setAside(key, kept);
      void cache.set(key, JSON.stringify(kept), { ttlSeconds });
    },
  };
}

/** `undefined` for what is none of ours. */
function parseKept(text: string): Kept | undefined {
  try {
    return Kept.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function answerOf(
  response: SearchResponse,
  { query }: SearchQuery,
  { timings }: RequestContext,
): SearchResponse {
  return { ...response, query, cached: true, latency_ms: roundMs(timings.elapsed()) };
}
