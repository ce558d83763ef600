/** The search box; what is in it is selected, to be typed over. */
export function focusBox(): void {
  const box = document.getElementById('query');
  if (!(box instanceof HTMLInputElement)) return;
  box.focus({ preventScroll: true });
  box.select();
}

/** The card that Tab reaches in the newest results; false where there is none. */
export function focusNewestResults(): boolean {
  const lists = [...document.querySelectorAll<HTMLElement>('.turn .grid')];
  const link = lists.at(-1)?.querySelector<HTMLElement>('a[tabindex="0"], a');
  link?.focus();
  return link !== null && link !== undefined;
}

/**
 * The heading of a turn, once what was done is shown: where to go on when what had the focus is gone,
 * and where to begin with a new turn.
 */
export function focusTurn(key: number, { isScrolled = false } = {}): void {
  requestAnimationFrame(() => {
    const heading = document.getElementById(`turn-${key}`);
    heading?.focus({ preventScroll: true });
    if (isScrolled) heading?.closest('section')?.scrollIntoView({ block: 'start' });
  });
}

/** One of a turn's results, where nothing else has the focus. */
export function focusCard(key: number, at: number): void {
  if (document.activeElement !== document.body) return;
  const section = document.getElementById(`turn-${key}`)?.closest('section');
  section?.querySelectorAll<HTMLElement>('.card')[at]?.focus({ preventScroll: true });
}
