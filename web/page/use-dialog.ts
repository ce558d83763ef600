import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Opens the native dialog while there is something to show, and closes it with it. Escape, a click
 * beside it and the close button all end in `close`.
 */
export function useDialog(
  dialog: RefObject<HTMLDialogElement | null>,
  id: string | null,
  close: () => void,
): void {
  const latest = useRef({ id, close });
  const lastShown = useRef<string | null>(null);

  latest.current = { id, close };

  // Once for every picture: one that was closed stays so until the address says another.
  useLayoutEffect(() => {
    const { current } = dialog;
    if (!current) return;
    if (id === null) return current.close();
    lastShown.current = id;
    // Whoever steps from one to the next goes on with the same button.
    const isStepping = current.open && document.activeElement?.closest('.steps');
    if (!current.open) current.showModal();
    current.scrollTop = 0;
    // So that the name is read out, also of the next picture.
    if (!isStepping) focusName(current);
  }, [id]);

  useEffect(() => {
    const { current } = dialog;
    const onClose = () => {
      if (current?.open === true) return;
      focusCard(lastShown.current);
      if (latest.current.id !== null) latest.current.close();
    };
    current?.addEventListener('close', onClose);
    return () => current?.removeEventListener('close', onClose);
  }, []);
}

/** What stood in the place of the picture while it loaded had the focus. */
export function useFocusOnceLoaded(image: unknown): void {
  useLayoutEffect(() => {
    const { activeElement } = document;
    const isInDialog = activeElement instanceof HTMLDialogElement;
    if (!isInDialog && activeElement !== document.body) return;
    const dialog = document.querySelector<HTMLDialogElement>('dialog[open]');
    if (dialog) focusName(dialog);
  }, [image]);
}

function focusName(dialog: HTMLDialogElement): void {
  dialog.querySelector<HTMLElement>('#detail-name')?.focus({ preventScroll: true });
}

/** The browser gives the focus back to the card that was opened; one may have gone on to another. */
function focusCard(id: string | null): void {
  const { activeElement } = document;
  if (id === null || activeElement?.closest('[data-id]')?.getAttribute('data-id') === id) return;
  const isFree = activeElement === document.body || activeElement?.closest('.grid');
  if (!isFree) return;
  const cards = document.querySelectorAll<HTMLElement>(
    `.grid > [data-id="${CSS.escape(id)}"] > .card`,
  );
  Array.from(cards).at(-1)?.focus();
}
