import type { LlmOutcome } from '../core/model.ts';

/** What became of a question, as a label: what was known already is another thing than an answer. */
export function llmLabel({ outcome, cached }: LlmOutcome): string {
  return cached ? 'cached' : outcome;
}
