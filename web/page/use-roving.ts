import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { addRovingFocus } from './roving.ts';

/** Gives a list of cards roving focus, and keeps the focus in it when the card that had it goes. */
export function useRoving(list: RefObject<HTMLElement | null>, leave?: () => void): void {
  const leaving = useRef(leave);
  leaving.current = leave;
  const hasLeave = leave !== undefined;
  const roving = useRef<ReturnType<typeof addRovingFocus> | undefined>(undefined);
  const hadFocus = list.current?.contains(document.activeElement) === true;

  useLayoutEffect(() => {
    if (!list.current) return undefined;
    const added = addRovingFocus(list.current, hasLeave ? () => leaving.current?.() : undefined);
    roving.current = added;
    return added.remove;
  }, [hasLeave]);

  useLayoutEffect(() => {
    roving.current?.refresh();
    if (hadFocus && document.activeElement === document.body) roving.current?.focus();
  });
}
