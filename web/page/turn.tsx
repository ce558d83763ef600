import { useEffect, useRef, useState } from 'preact/hooks';
import { Chips } from './chips.tsx';
import { describe, titleOf } from './describe.ts';
import { Explained } from './explanation.tsx';
import { Facets } from './facets.tsx';
import type { PageState } from './page-state.ts';
import { TurnBody } from './turn-body.tsx';
import { TurnStatus } from './turn-status.tsx';
import { TurnTools, UnderstoodNote } from './turn-tools.tsx';
import type { Turn } from './types.ts';

export interface TurnProps {
  readonly page: PageState;
  readonly turn: Turn;
  readonly isNewest: boolean;
}

/** One search with its results. Older ones are folded to their first row. */
export function TurnSection({ page, turn, isNewest, isSmooth }: TurnProps & { isSmooth: boolean }) {
  const section = useRef<HTMLElement>(null);
  const [isOpen, setOpen] = useState(false);
  useScrollTo(section, isNewest, isSmooth);
  useStartInView(section, turn);
  const search = turn.search.value;
  const title = titleOf(search);
  const id = `turn-${turn.key}`;
  return (
    <section ref={section} class={isNewest ? 'turn newest' : 'turn'} aria-labelledby={id}>
      <header class="turn-head">
        <div class="turn-name">
          <h2 id={id} tabIndex={-1} dir="auto">
            {title}
            <span class="unseen">{describe(search).slice(title.length)}</span>
          </h2>
          <Chips turn={turn} conversation={page.conversation} />
        </div>
        <TurnTools turn={turn} conversation={page.conversation} />
      </header>
      <UnderstoodNote turn={turn} conversation={page.conversation} />
      <TurnStatus turn={turn} />
      <Explained explanation={turn.view.value.explanation} />
      {isNewest && turn.view.value.status !== 'failed' && <Facets turn={turn} page={page} />}
      <TurnBody
        turn={turn}
        page={page}
        isNewest={isNewest}
        isOpen={isNewest || isOpen}
        setOpen={setOpen}
      />
    </section>
  );
}

/** A new turn comes to the top of the window, so that what was found is seen. */
function useScrollTo(
  section: { readonly current: HTMLElement | null },
  isNewest: boolean,
  isSmooth: boolean,
): void {
  useEffect(() => {
    if (!isNewest) return;
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const behavior = isSmooth && !isCalm ? 'smooth' : 'instant';
    section.current?.scrollIntoView({ block: 'start', behavior });
  }, []);
}

/** Turns of a link or of a reload are asked for when somebody comes to them. */
function useStartInView(section: { readonly current: HTMLElement | null }, turn: Turn): void {
  useEffect(() => {
    if (!section.current || turn.view.peek().status !== 'waiting') return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) turn.start();
      },
      { rootMargin: '200px' },
    );
    observer.observe(section.current);
    return () => observer.disconnect();
  }, [turn]);
}
