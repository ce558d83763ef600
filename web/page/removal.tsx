import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '../client-answer.ts';
import { ApiKeyForm } from './api-key-form.tsx';
import { api } from './api.ts';
import { sentence } from './problem.ts';
import './removal.css';

interface RemovalProps {
  readonly id: string;
  readonly onRemoved: (id: string) => void;
}

type State =
  | { readonly step: 'offered' | 'asked' | 'busy' }
  | { readonly step: 'failed'; readonly reason: string; readonly isKeyWanted: boolean };

/** A button that removes a picture, once one has said so twice. */
export function Removal({ id, onRemoved }: RemovalProps) {
  const [state, setState] = useState<State>({ step: 'offered' });
  const place = useRef<HTMLDivElement>(null);
  const { step } = state;

  async function act(): Promise<void> {
    setState({ step: 'busy' });
    const answer = await api.remove(id);
    if (answer.ok || answer.problem.code === 'not_found') return onRemoved(id);
    const isKeyWanted = [401, 403].includes(answer.status);
    setState({ step: 'failed', reason: reasonOf(answer.problem), isKeyWanted });
  }

  useFollowingFocus(place, step);
  return (
    <div class="removal" ref={place}>
      {step === 'offered' && (
        <button class="button" type="button" onClick={() => setState({ step: 'asked' })}>
          Delete
        </button>
      )}
      {step === 'asked' && (
        <>
          <p>Delete this picture for good?</p>
          {/* Where the first button was, in case of a double click. */}
          <button class="button" type="button" onClick={() => setState({ step: 'offered' })}>
            Keep
          </button>
          <button class="button danger" type="button" onClick={() => void act()}>
            Delete
          </button>
        </>
      )}
      {step === 'busy' && <p tabIndex={-1}>Deleting…</p>}
      {step === 'failed' && <Failed {...state} again={() => void act()} />}
    </div>
  );
}

interface FailedProps {
  readonly reason: string;
  readonly isKeyWanted: boolean;
  readonly again: () => void;
}

function Failed({ reason, isKeyWanted, again }: FailedProps) {
  return (
    <>
      <p role="alert">{reason}</p>
      {isKeyWanted && <ApiKeyForm again={again} />}
      {!isKeyWanted && (
        <button class="button" type="button" onClick={again}>
          Try again
        </button>
      )}
    </>
  );
}

/** The button that had the focus is gone after each step: what is there instead has it then. */
function useFollowingFocus(
  place: { readonly current: HTMLElement | null },
  step: State['step'],
): void {
  const before = useRef(step);
  useEffect(() => {
    const isFirst = before.current === step;
    before.current = step;
    const isLost = document.activeElement === document.body;
    const isInDialog = document.activeElement instanceof HTMLDialogElement;
    if (isFirst || !(isLost || isInDialog)) return;
    place.current?.querySelector<HTMLElement>('button, input, [tabindex]')?.focus();
  }, [step]);
}

function reasonOf({ code, status, title, detail }: Problem): string {
  if (code === 'unreachable') return 'The server does not answer.';
  if (status === 401) return 'This needs an API key.';
  if (status === 403) return 'This API key may not delete pictures.';
  return sentence(detail) || sentence(title);
}
