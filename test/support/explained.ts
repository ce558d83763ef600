import { createMemoryQuota } from '../../adapters/memory-quota.ts';
import { withExplanation, type ExplanationOptions } from '../../core/explained.ts';
import { createLlmGuard, type LlmGuardOptions } from '../../core/llm-guard.ts';
import type { Failure } from '../../core/failure.ts';
import type { Explainer, Explanation, QuotaState } from '../../core/llm.ts';
import { type Hit, type LlmOutcome, SearchQuery } from '../../core/model.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Search } from '../../core/search.ts';
import { createRecord } from './points.ts';
import { requestContext } from './request-context.ts';
import { createLog, createResponse } from './search-app.ts';

/** A guard for tests, and what it has told others. */
export function createTestGuard(options: Partial<LlmGuardOptions> = {}) {
  const log = createLog();
  const outcomes: LlmOutcome[] = [];
  const quotas: QuotaState[] = [];
  const guard = createLlmGuard({
    task: 'explanation',
    quota: createMemoryQuota({ limit: 1000 }),
    timeoutMs: 30_000,
    priceOf: ({ inputTokens, outputTokens }) => (inputTokens + 4 * outputTokens) / 1e6,
    metrics: {
      countLlm: (_, outcome) => void outcomes.push(outcome),
      trackLlmQuota: (_, state) => void quotas.push(state),
    },
    logger: log,
    now: () => performance.now(),
    ...options,
  });
  return { guard, log, outcomes, quotas };
}

export function createHit(id: string, metadata: Parameters<typeof createRecord>[1] = {}): Hit {
  const record = createRecord(id, metadata);
  const shown = { ...record.metadata, url: `/images/${id}/file`, thumbnail_url: null };
  return { id, score: 0.3, confidence: null, duplicates: [], metadata: shown };
}

/** An explainer that says these pieces, and remembers what it was asked. */
export function createFakeExplainer(pieces: readonly string[] = ['They ', 'fit.']) {
  const asked: Parameters<Explainer['explain']>[0][] = [];
  const explainer: Explainer = {
    model: 'fake-model',
    keyOf: (request) => JSON.stringify(request),
    async explain(request, { onPiece }) {
      asked.push(request);
      for (const piece of pieces) onPiece?.(piece);
      return ok({ text: pieces.join(''), usage: { inputTokens: 100, outputTokens: 10 } });
    },
  };
  return { explainer, asked };
}

/** An explainer whose answers wait until they are let go. */
export function createHeldExplainer() {
  const calls: {
    readonly signal: AbortSignal;
    readonly say: (piece: string) => void;
    readonly end: (result: Result<Explanation, Failure>) => void;
  }[] = [];
  const explainer: Explainer = {
    ...createFakeExplainer().explainer,
    explain: (_, { signal, onPiece = () => {} }) =>
      new Promise((resolve) => void calls.push({ signal, say: onPiece, end: resolve })),
  };
  return { explainer, calls };
}

export type ProgressEvent = 'asked' | 'results' | string;

/**
 * A search that always finds the same, with explanations. `ask` gives the response, and in order what
 * happened: `results` and the pieces that a streaming caller is told.
 */
export function createExplained(
  options: Partial<ExplanationOptions> | undefined,
  more: { readonly results?: readonly Hit[]; readonly search?: Search } = {},
) {
  const inner: SearchQuery[] = [];
  const results = [...(more.results ?? ['1', '2', '3', '4', '5', '6'].map((id) => createHit(id)))];
  const found: Search = async (query, context) => {
    inner.push(query);
    if (more.search) return more.search(query, context);
    return ok(createResponse({ query: query.query, results, total: results.length }));
  };
  const search = withExplanation(
    found,
    options && {
      explainer: createFakeExplainer().explainer,
      guard: createTestGuard().guard,
      ttlSeconds: 60,
      now: () => performance.now(),
      ...options,
    },
  );
  return {
    /** The queries that the search within was asked. */
    inner,
    async ask(
      request: object = {},
      context: { readonly signal?: AbortSignal; readonly events?: ProgressEvent[] } = {},
    ) {
      const { events, signal } = context;
      const progress = events && {
        results: () => void events.push('results'),
        explanation: (piece: string) => void events.push(piece),
      };
      const body = { query: 'a dog', include_explanation: true, ...request };
      return search(
        SearchQuery.parse(body),
        requestContext({ ...(signal && { signal }), ...(progress && { progress }) }),
      );
    },
  };
}
