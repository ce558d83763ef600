import type { Explanation } from './types.ts';

/**
 * What a language model says of the results, as it comes. A screen reader is told when it is whole,
 * and not word by word.
 */
export function Explained({ explanation }: { readonly explanation: Explanation }) {
  const { step } = explanation;
  const isComing = step === 'waiting' || step === 'streaming';
  return (
    <div
      class="explanation"
      data-step={step}
      aria-live="polite"
      aria-atomic="true"
      aria-busy={isComing}
    >
      {step === 'waiting' && <p class="quiet">Writing an explanation…</p>}
      {step === 'streaming' && (
        <p dir="auto" aria-hidden="true">
          {explanation.text}
        </p>
      )}
      {step === 'done' && <p dir="auto">{explanation.text}</p>}
      {step === 'missing' && <p class="quiet">{explanation.reason}</p>}
    </div>
  );
}
