import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { focusCard } from './focus.ts';
import { ProblemNotice } from './problem-notice.tsx';
import type { Turn, TurnView } from './types.ts';

interface EndProps {
  readonly turn: Turn;
  readonly view: TurnView;
  readonly isNewest: boolean;
  readonly fold: () => void;
}

/** What can be done at the end of the results. */
export function TurnEnd({ turn, view: { status, found, more }, isNewest, fold }: EndProps) {
  const asked = useSignal<() => void>(turn.more);
  const pressedAt = useRef<number | undefined>(undefined);
  const isCut = found?.isCut;
  // The button is gone then; whoever pressed it by key goes on at the first new picture.
  useEffect(() => {
    const from = pressedAt.current;
    if (isCut !== false || from === undefined) return;
    pressedAt.current = undefined;
    focusCard(turn.key, from);
  }, [isCut]);
  if (!found || status !== 'shown') return null;
  if (typeof more === 'object') {
    const again = () => {
      asked.value();
      // What was pressed goes with the notice.
      requestAnimationFrame(() => focusCard(turn.key, found.hits.length - 1));
    };
    return <ProblemNotice notice={more} again={again} />;
  }
  return (
    <div class="turn-end">
      {found.nextCursor === null && found.isCut && (
        <LessCertain
          isBusy={more === 'busy'}
          act={() => {
            asked.value = turn.showLessCertain;
            pressedAt.current = found.hits.length;
            turn.showLessCertain();
          }}
        />
      )}
      {!isNewest && (
        <button class="button" type="button" onClick={fold}>
          Show the first row only
        </button>
      )}
    </div>
  );
}

export function LessCertain({
  isBusy,
  act,
}: {
  readonly isBusy: boolean;
  readonly act: () => void;
}) {
  return (
    <button class="button less-certain" type="button" aria-disabled={isBusy} onClick={act}>
      Show less certain results
    </button>
  );
}
