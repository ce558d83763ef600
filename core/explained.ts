import { hash } from 'node:crypto';
import { firstCursor } from './cursor.ts';
import { describeQuery } from './describe-query.ts';
import { createFlights } from './flights.ts';
import { createKeptExplanations, type ExplanationKeeping } from './kept-explanations.ts';
import type { LlmGuard, LlmReply } from './llm-guard.ts';
import { unanswered, unasked } from './llm-outcome.ts';
import type { Explainer, ExplainerRequest, Explanation } from './llm.ts';
import type { LlmOutcome, SearchQuery, SearchResponse } from './model.ts';
import { ok } from './result.ts';
import { type RequestContext, roundMs, type Search } from './search.ts';

export interface ExplanationOptions extends ExplanationKeeping {
  readonly explainer: Explainer;
  readonly guard: LlmGuard;
}

/** Results that the model is told of: the others say little more, and every word is paid for. */
const explainedResults = 5;

/**
 * Adds a few sentences on why the best results fit, for whoever asks with `include_explanation`.
 * `context.progress` is told of the results before the model is asked. Whatever the model does, the
 * results are those of `search`, and `llm.explanation` says why there are no words.
 *
 * `search` is asked without `include_explanation`: its answer is then the same for everybody, and
 * can be kept whatever becomes of the explanation.
 *
 * @param options Left out: there is no model, and `llm.explanation` says so.
 */
export function withExplanation(search: Search, options?: ExplanationOptions): Search {
  const explain = options ? createExplain(options) : nobody;
  return async (query, context) => {
    const asked = query.include_explanation;
    const found = await search(asked ? { ...query, include_explanation: false } : query, context);
    if (!found.ok) return found;
    const response = found.value;
    context.progress?.results(response);
    if (!asked || isLaterPage(query)) return found;
    const { text = null, outcome } = await context.timings.measure('explanation', () =>
      explain(query, response, context),
    );
    const latency_ms = roundMs(context.timings.elapsed());
    const llm = { ...response.llm, explanation: outcome };
    return ok({ ...response, explanation: text, latency_ms, llm });
  };
}

/** An explanation is about the best results, and these stood on the first page. */
function isLaterPage({ cursor }: SearchQuery): boolean {
  return cursor !== null && cursor !== firstCursor;
}

interface Explained {
  readonly text?: string | undefined;
  readonly outcome: LlmOutcome;
}

type Explain = (
  query: SearchQuery,
  response: SearchResponse,
  context: RequestContext,
) => Promise<Explained>;

const nobody: Explain = async () => ({ outcome: unasked('off') });

function createExplain({ explainer, guard, ...keeping }: ExplanationOptions): Explain {
  const kept = createKeptExplanations(keeping);
  const flights = createFlights<LlmReply<Explanation>>();

  /** One call for all who ask the same meanwhile: who began it is told the pieces as they come. */
  async function fly(key: string, request: ExplainerRequest, context: RequestContext) {
    let began = false;
    const landed = await flights.join(
      key,
      async (signal) => {
        began = true;
        const reply = await guard.ask(
          (own) => explainer.explain(request, { signal: own, onPiece: pieceTo(context, own) }),
          signal,
        );
        if (reply.value) kept.keep(key, reply.value.text);
        return ok(reply);
      },
      context.signal,
    );
    return { began, landed };
  }

  /** What was said to somebody else, in one piece. */
  function repeat(text: string, { progress }: RequestContext): Explained {
    progress?.explanation(text);
    return { text, outcome: guard.recall() };
  }

  return async (query, { results }, context) => {
    if (results.length === 0) return { outcome: unasked('nothing_found') };
    const request = requestOf(query, results);
    const key = hash('sha256', explainer.keyOf(request), 'base64url');
    const known = await kept.lookUp(key);
    if (known !== undefined) return repeat(known, context);
    const { began, landed } = await fly(key, request, context);
    if (!landed.ok) return { outcome: unanswered(landed.error) };
    const { outcome, value } = landed.value;
    return began || value === undefined
      ? { text: value?.text, outcome }
      : repeat(value.text, context);
  };
}

function requestOf(query: SearchQuery, results: SearchResponse['results']): ExplainerRequest {
  const pictures = results
    .slice(0, explainedResults)
    .map(({ score, metadata }) => ({ score, metadata }));
  return { query: describeQuery(query), pictures };
}

/** Says nothing any more once the call has ended: whoever waited was given the end already. */
function pieceTo({ progress }: RequestContext, signal: AbortSignal) {
  if (progress === undefined) return undefined;
  return (piece: string): void => {
    if (!signal.aborted) progress.explanation(piece);
  };
}
