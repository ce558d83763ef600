import { targetOf } from './roving-target.ts';

export interface Roving {
  /** Call after the items changed: one of them is always what Tab reaches. */
  refresh(): void;
  /** Focuses the item that Tab reaches; false where there is none. */
  focus(): boolean;
  remove(): void;
}

/**
 * A list of cards that is one stop for Tab, with the arrow keys inside; the buttons of a card are
 * reached when the card is. Set on the elements themselves: to draw hundreds of cards anew for every
 * key would be slow.
 *
 * @param leave Where Up from the first row leads.
 */
export function addRovingFocus(list: HTMLElement, leave?: () => void): Roving {
  const items = () => [...list.querySelectorAll<HTMLElement>(':scope > [data-id]')];
  const reached = () => list.querySelector<HTMLElement>(':scope > [data-id] > a[tabindex="0"]');

  function reach(item: HTMLElement | undefined): void {
    for (const each of list.querySelectorAll<HTMLElement>('[tabindex="0"]')) each.tabIndex = -1;
    for (const each of item?.querySelectorAll<HTMLElement>('a, button') ?? []) each.tabIndex = 0;
  }

  function onFocus({ target }: FocusEvent): void {
    const item = target instanceof Element ? target.closest<HTMLElement>('[data-id]') : null;
    if (item && item.querySelector('a')?.tabIndex !== 0) reach(item);
  }

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const all = items();
    const index = all.findIndex((item) => item.contains(document.activeElement));
    const target = index < 0 ? undefined : targetOf(event.key, index, all.map(placeOf));
    if (target === undefined || target === 'stay' || (target === 'leave' && !leave)) return;
    event.preventDefault();
    event.stopPropagation();
    if (target === 'leave') leave?.();
    else all[target]?.querySelector('a')?.focus();
  }

  list.addEventListener('focusin', onFocus);
  list.addEventListener('keydown', onKey);
  return {
    refresh() {
      if (!reached()) reach(items()[0]);
    },
    focus() {
      const link = reached();
      link?.focus();
      return link !== null;
    },
    remove() {
      list.removeEventListener('focusin', onFocus);
      list.removeEventListener('keydown', onKey);
    },
  };
}

/** Without the transformations of an animation, and also of what is out of sight. */
function placeOf({ offsetLeft, offsetTop, offsetWidth }: HTMLElement) {
  return { left: offsetLeft, right: offsetLeft + offsetWidth, top: offsetTop };
}
