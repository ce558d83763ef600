import type { Async } from './failure.ts';
import type { Hit, ImageMetadata } from './model.ts';

/** What a language model is asked for. */
export type LlmTask = 'explanation' | 'rerank';

/** What a question to a language model cost. */
export interface LlmUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A picture as a language model is told of it: data, never instructions. */
export interface DescribedPicture {
  readonly score: number;
  readonly metadata: ImageMetadata;
}

export interface Explanation {
  readonly text: string;
  readonly usage: LlmUsage;
}

/**
 * Says in a few sentences why pictures fit a query.
 * Fails with `llm_unavailable`, `llm_unusable`, `timeout` or `cancelled`.
 */
export interface Explainer {
  /** Id of the model. */
  readonly model: string;
  /** What tells this request's answer from others: the same key, the same question. */
  keyOf(request: ExplainerRequest): string;
  /** @param onPiece Is told each piece of the text as it comes. */
  explain(
    request: ExplainerRequest,
    options: {
      readonly signal: AbortSignal;
      readonly onPiece?: ((piece: string) => void) | undefined;
    },
  ): Async<Explanation>;
}

export interface ExplainerRequest {
  /** What was searched for, in words. */
  readonly query: string;
  readonly pictures: readonly DescribedPicture[];
}

/** A picture that a vision model looks at. */
export interface ShownPicture {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** `image/webp` … */
  readonly type: string;
}

export interface Ranking {
  /** Best first; as many of the shown ones as were asked for, or fewer; each once. */
  readonly ids: readonly string[];
  readonly usage: LlmUsage;
}

/**
 * Looks at pictures and puts the best in order.
 * Fails with `llm_unavailable`, `llm_unusable`, `timeout` or `cancelled`.
 */
export interface Reranker {
  /** Id of the model. */
  readonly model: string;
  /** @param best How many ids are wanted. */
  rank(
    request: {
      readonly query: string;
      readonly pictures: readonly ShownPicture[];
      readonly best: number;
    },
    options: { readonly signal: AbortSignal },
  ): Async<Ranking>;
}

/** Where the small versions of results are, as bytes. Fails as an `ObjectReader` does. */
export interface Thumbnails {
  of(
    hit: Pick<Hit, 'id' | 'metadata'>,
    signal: AbortSignal,
  ): Async<{ readonly bytes: Uint8Array; readonly type: string }>;
}

export interface QuotaState {
  readonly used: number;
  readonly limit: number;
}

/** Counts what may be had so many times a day, of all processes together, by UTC. Never fails. */
export interface Quota {
  /** Takes one. `undefined`: there is none left today. */
  take(): Promise<QuotaState | undefined>;
}
