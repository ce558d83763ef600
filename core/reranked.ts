import { firstCursor } from './cursor.ts';
import { describeWords } from './describe-query.ts';
import { unasked } from './llm-outcome.ts';
import type { LlmOutcome, SearchQuery, SearchResponse } from './model.ts';
import { byLook } from './reranked-order.ts';
import { createRerankQuestions, type RerankingOptions } from './reranked-question.ts';
import { ok } from './result.ts';
import { roundMs, type Search } from './search.ts';

/** How many of the best results are looked at. */
export const looked = 10;

/**
 * Lets a vision model look at the best results of whoever asks for it (`rerank`): the four that it
 * names come first, in its order, and the others follow in theirs. Whatever goes wrong meanwhile, the
 * results come as they are without it, at most the guard's deadline later; `llm.rerank` says what
 * happened, and what it cost.
 *
 * Fails as `search` does. Of a list that is read page by page the first page alone is looked at.
 *
 * @param options Left out where nobody set a model up: the answer says so.
 */
export function withReranking(search: Search, options?: RerankingOptions): Search {
  const ask = options && createRerankQuestions(options);
  return async (query, context) => {
    if (!query.rerank) return search(query, context);
    const plain = { ...query, rerank: false };
    if (query.cursor !== null && query.cursor !== firstCursor) return search(plain, context);
    const words = describeWords(query);
    const found = await search(ask && words !== '' ? withCandidates(plain) : plain, context);
    if (!found.ok) return found;
    if (!ask) return ok(withOutcome(found.value, unasked('off')));
    const candidates = found.value.results.slice(0, looked);
    if (words === '' || candidates.length < 2) {
      return ok(withOutcome(found.value, unasked('nothing_found')));
    }
    const { timings, signal, progress } = context;
    // Whoever watches need not wait for the model to see what was found.
    progress?.results(cutTo(query.top_k, found.value));
    const answer = await timings.measure('rerank', () => ask({ words, candidates }, signal));
    const inOrder = byLook(found.value.results, answer);
    const response = cutTo(query.top_k, { ...found.value, results: inOrder });
    const latency_ms = roundMs(timings.elapsed());
    return ok(withOutcome({ ...response, latency_ms }, answer.outcome));
  };
}

/**
 * A list that is read page by page is frozen, and so is its first page. And what differs from each
 * other among ten need not begin with what does among four: without an answer it would be other results.
 */
function withCandidates(query: SearchQuery): SearchQuery {
  const isFixed = query.cursor !== null || query.diversity > 0;
  return isFixed ? query : { ...query, top_k: Math.max(query.top_k, looked) };
}

/** More were asked for than are wanted, so that one of them may be among the best. */
function cutTo(top: number, response: SearchResponse): SearchResponse {
  const results = response.results.slice(0, top);
  return { ...response, results, total: results.length };
}

function withOutcome(response: SearchResponse, rerank: LlmOutcome): SearchResponse {
  return { ...response, llm: { ...response.llm, rerank } };
}
