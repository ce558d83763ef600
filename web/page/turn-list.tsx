import { useRef } from 'preact/hooks';
import type { PageState } from './page-state.ts';
import { TurnSection } from './turn.tsx';
import './turn.css';

/** The conversation, newest last. */
export function TurnList({ page }: { readonly page: PageState }) {
  const { turns } = page.conversation;
  // What was there when the page was loaded does not move; what comes later is scrolled to.
  const isLoaded = useRef(false);
  const isFirst = !isLoaded.current;
  isLoaded.current = true;
  return (
    <div class="turns">
      <h1 class="unseen">Your searches</h1>
      {turns.value.map((turn, at, all) => (
        <TurnSection
          key={turn.key}
          page={page}
          turn={turn}
          isNewest={at === all.length - 1}
          isSmooth={!isFirst && at > 0}
        />
      ))}
    </div>
  );
}
