import { createKeptAnswers, type KeptAnswersOptions } from './kept-answers.ts';
import type { SearchResponse } from './model.ts';
import type { Logger } from './ports.ts';
import { ok } from './result.ts';
import { roundMs, type Search } from './search.ts';

export interface CachedOptions extends KeptAnswersOptions {
  /** Is told once that answers come from another model, and are not kept. */
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * Answers from the cache where it can: by canonical request, model, and generation of the index.
 * Empty answers are kept, failures never. Without a cache that answers, it is as if there were none.
 */
export function withCache(search: Search, options: CachedOptions): Search {
  const answers = createKeptAnswers(options);
  const isForeign = createForeignCheck(options);
  // Those who shared one search come with one list of results: it is kept once.
  const handled = new WeakSet<SearchResponse['results']>();

  return async (query, context) => {
    const { notes, timings } = context;
    const key = answers.keyOf(query);
    const found = await timings.measure('cache', () => answers.lookUp(key));
    notes.cache = found === undefined ? 'bypass' : found.response ? 'hit' : 'miss';
    if (found?.response) {
      const latency_ms = roundMs(timings.elapsed());
      return ok({ ...found.response, query: query.query || null, cached: true, latency_ms });
    }
    const generation = found?.generation;
    const searched = await search(query, { ...context, generation });
    if (!searched.ok || generation === undefined) return searched;
    const response = searched.value;
    if (handled.has(response.results) || isForeign(response)) return searched;
    handled.add(response.results);
    answers.keep(key, { generation, response });
    return searched;
  };
}

function createForeignCheck({ modelId, logger }: CachedOptions) {
  let told: string | undefined;
  return ({ model }: SearchResponse): boolean => {
    if (model === modelId) return false;
    if (told !== model) {
      const detail = `Cannot cache as answers come from another model than CLIP_MODEL_NAME and CLIP_PRETRAINED say (${modelId}): ${model}`;
      logger.warn({}, detail);
    }
    told = model;
    return true;
  };
}
