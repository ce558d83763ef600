import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

interface GridEndProps {
  readonly list: RefObject<HTMLElement | null>;
  /** How many cards there are. */
  readonly count: number;
  readonly isBusy: boolean;
  readonly onEnd: () => void;
}

/** In pixels: so far from being seen the end counts as reached. */
const early = 600;

/** Asks for more when it comes into view, or when it is pressed; the focus then goes to the first new card. */
export function GridEnd({ list, count, isBusy, onEnd }: GridEndProps) {
  const button = useRef<HTMLButtonElement>(null);
  const pressedAt = useRef<number | undefined>(undefined);
  const act = useRef(onEnd);
  act.current = onEnd;

  // Anew after every page: an end that is still in view says so only at first.
  useEffect(() => {
    if (isBusy || !button.current) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) act.current();
      },
      { rootMargin: `${early}px` },
    );
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [count, isBusy]);

  useLayoutEffect(() => {
    const from = pressedAt.current;
    if (from === undefined || count <= from) return;
    pressedAt.current = undefined;
    const card = list.current?.querySelectorAll<HTMLElement>(':scope > [data-id] > .card')[from];
    if (document.activeElement === button.current || document.activeElement === document.body) {
      card?.focus({ preventScroll: true });
    }
  }, [count]);

  return (
    <button
      ref={button}
      class="button grid-end"
      type="button"
      aria-disabled={isBusy}
      onClick={() => {
        pressedAt.current = count;
        if (!isBusy) onEnd();
      }}
    >
      {isBusy ? 'Loading more…' : 'Show more'}
    </button>
  );
}
