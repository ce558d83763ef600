import { createMemoryCache } from '../../adapters/memory-cache.ts';
import type { Async } from '../../core/failure.ts';
import { createLlmGuard, type LlmGuardOptions } from '../../core/llm-guard.ts';
import type { Ranking, Reranker, Thumbnails } from '../../core/llm.ts';
import { type LlmOutcome, SearchQuery } from '../../core/model.ts';
import { withReranking } from '../../core/reranked.ts';
import type { RerankingOptions } from '../../core/reranked-question.ts';
import { ok } from '../../core/result.ts';
import type { RequestContext, Search } from '../../core/search.ts';
import { expectOk } from './expect-ok.ts';
import { hitOf } from './hits.ts';
import { requestContext } from './request-context.ts';
import { createLog, createResponse } from './search-app.ts';

export const rankingUsage = { inputTokens: 2000, outputTokens: 10 };
/** What it costs, at .075 and .3 dollars for a million tokens. */
export const rankingCost = 0.000153;

type Asked = Parameters<Reranker['rank']>[0];

/** A vision model that answers as the test wants. */
export function createModel(answer: (asked: Asked, signal: AbortSignal) => Async<Ranking>) {
  const asked: Asked[] = [];
  const reranker: Reranker = {
    model: 'looker',
    rank(request, { signal }) {
      asked.push(request);
      return answer(request, signal);
    },
  };
  return { asked, reranker };
}

/** A vision model that names these, whatever it is shown. */
export const naming = (...ids: string[]) =>
  createModel(async () => ok({ ids, usage: rankingUsage }));

export const smallPictures: Thumbnails = {
  of: async ({ id }) => ok({ bytes: Buffer.from(`bytes of ${id}`), type: 'image/webp' }),
};

export function rerankGuard(changes: Partial<LlmGuardOptions> = {}) {
  const counted: LlmOutcome[] = [];
  const guard = createLlmGuard({
    task: 'rerank',
    quota: { take: async () => ({ used: 1, limit: 1000 }) },
    timeoutMs: 20_000,
    priceOf: ({ inputTokens, outputTokens }) => (inputTokens * 0.075 + outputTokens * 0.3) / 1e6,
    metrics: { countLlm: (_, outcome) => void counted.push(outcome), trackLlmQuota: () => {} },
    logger: createLog(),
    now: () => performance.now(),
    ...changes,
  });
  return { guard, counted };
}

/** A search that finds the pictures 1, 2, 3 and so on, and what is put in order behind it. */
export function createReranking() {
  const searched: SearchQuery[] = [];
  const cache = createMemoryCache({ now: () => performance.now() });
  let there = 30;

  /** As many as are asked for and there. */
  const search: Search = async (query) => {
    searched.push(query);
    const length = Math.min(query.top_k, there);
    const results = Array.from({ length }, (_, at) => hitOf(String(at + 1)));
    const paging = query.cursor === null ? {} : { next_cursor: 'next' };
    return ok(createResponse({ query: query.query, results, total: length, ...paging }));
  };

  return {
    search,
    searched,
    cache,
    find(pictures: number) {
      there = pictures;
    },
    setUp(reranker: Reranker, changes: Partial<RerankingOptions> = {}) {
      const { guard } = rerankGuard();
      const parts = { reranker, thumbnails: smallPictures, guard, cache };
      const reranked = withReranking(search, { ...parts, ...changes });
      return async (request: object = {}, context: RequestContext = requestContext()) => {
        const query = SearchQuery.parse({ query: 'a dog', rerank: true, top_k: 5, ...request });
        const response = expectOk(await reranked(query, context));
        const order = response.results.map(({ id }) => id).join(' ');
        return { response, order, outcome: response.llm?.rerank };
      };
    },
  };
}
