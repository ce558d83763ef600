import type { Failure } from './failure.ts';
import type { LlmUsage } from './llm.ts';
import type { LlmOutcome } from './model.ts';

/** US dollars; null where no prices are set. */
export type PriceOf = (usage: LlmUsage) => number | null;

const nothing: LlmUsage = { inputTokens: 0, outputTokens: 0 };

/** Of what nobody was asked: `off` as nobody is set up, `nothing_found` as there is nothing to ask about. */
export function unasked(outcome: 'off' | 'nothing_found'): LlmOutcome {
  return { outcome, cached: false, input_tokens: 0, output_tokens: 0, cost_usd: null };
}

/** Of what somebody else has asked, or is just asking: it costs nothing more. */
export function recalled(priceOf: PriceOf): LlmOutcome {
  return { ...answered(nothing, priceOf), cached: true };
}

/** @param outcome Left out: the answer was of use. */
export function answered(
  usage: LlmUsage,
  priceOf: PriceOf,
  outcome: LlmOutcome['outcome'] = 'ok',
): LlmOutcome {
  return {
    outcome,
    cached: false,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cost_usd: priceOf(usage),
  };
}

/** What it cost is not known: whoever broke off was told no usage. */
export function unanswered({ code }: Pick<Failure, 'code'>): LlmOutcome {
  return {
    outcome: outcomes[code] ?? 'unavailable',
    cached: false,
    input_tokens: 0,
    output_tokens: 0,
    cost_usd: null,
  };
}

const outcomes: Readonly<Partial<Record<Failure['code'], LlmOutcome['outcome']>>> = {
  llm_quota_exhausted: 'quota_exhausted',
  llm_unusable: 'unusable',
  timeout: 'timeout',
  // Nobody reads it: whoever asked has left before there was an answer.
  cancelled: 'timeout',
};
