import { useEffect, useState } from 'preact/hooks';
import type { Hit } from '../../core/model.ts';
import { api } from './api.ts';
import { known } from './known.ts';
import { explain } from './problem.ts';
import { Strip } from './strip.tsx';

interface SimilarStripProps {
  readonly id: string;
  readonly hrefOf: (id: string) => string;
}

type State =
  | { readonly step: 'busy' }
  | { readonly step: 'shown'; readonly hits: readonly Hit[] }
  | { readonly step: 'failed'; readonly reason: string };

const stripTopK = 13;

/** The pictures nearest to one, when the answer is there. Give it the id as key. */
export function SimilarStrip({ id, hrefOf }: SimilarStripProps) {
  const [state, setState] = useState<State>({ step: 'busy' });
  const [tries, setTries] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    void load(id, signal).then((loaded) => signal.aborted || setState(loaded));
    return () => controller.abort();
  }, [id, tries]);

  return (
    <section class="similar" aria-labelledby="similar-name" aria-busy={state.step === 'busy'}>
      <h3 id="similar-name">Similar pictures</h3>
      {state.step === 'shown' && state.hits.length > 0 && (
        <Strip hits={state.hits} labelledBy="similar-name" hrefOf={hrefOf} />
      )}
      {state.step === 'busy' && <StripSkeleton />}
      <p class="remark" role="status">
        {remarkOf(state)}
        {state.step === 'failed' && (
          <button
            class="link"
            type="button"
            onClick={() => {
              setState({ step: 'busy' });
              setTries(tries + 1);
            }}
          >
            Try again
          </button>
        )}
      </p>
    </section>
  );
}

async function load(id: string, signal: AbortSignal): Promise<State> {
  const answer = await api.similar(id, { top_k: stripTopK, signal });
  if (!answer.ok) return { step: 'failed', reason: explain(answer).title };
  const hits = answer.value.results.filter((hit) => hit.id !== id);
  for (const hit of hits) if (!known.has(hit.id)) known.set(hit.id, hit);
  return { step: 'shown', hits };
}

function remarkOf(state: State): string {
  if (state.step === 'failed') return `${state.reason}. `;
  if (state.step === 'busy' || state.hits.length > 0) return '';
  return 'There are no other pictures to compare with.';
}

function StripSkeleton() {
  return (
    <div class="strip" aria-hidden="true">
      {Array.from({ length: 8 }, (_, index) => (
        <span key={index} class="skeleton strip-skeleton">
          <span class="mat" />
          <span class="skeleton-line" />
        </span>
      ))}
    </div>
  );
}
