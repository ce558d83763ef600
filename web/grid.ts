import type { Hit } from '../core/model.ts';
import { createCard } from './card.ts';
import type { Card } from './card.ts';
import { addRovingFocus } from './roving.ts';

export interface Grid {
  /** `reset` where these are the results of another query. */
  show(hits: readonly Hit[], query: string, reset: boolean): void;
  /** Focuses the card one was at last, or the first; false where there is none. */
  focus(): boolean;
  focusAt(index: number): void;
  /** Takes a picture out for good. */
  forget(id: string): void;
}

export function createGrid(list: HTMLElement, leave?: () => void): Grid {
  let cards = new Map<string, Card>();
  const forgotten = new Set<string>();
  const roving = addRovingFocus(list, leave);

  return {
    show(hits, query, reset) {
      const kept = new Map<string, Card>();
      const bestScore = hits[0]?.score ?? 0;
      for (const hit of hits) {
        // An answer that somebody kept may have what was removed a moment ago.
        if (forgotten.has(hit.id)) continue;
        const card = cards.get(hit.id) ?? createCard(hit);
        card.update(hit, query, bestScore);
        kept.set(hit.id, card);
      }
      arrange(
        list,
        [...kept.values()].map((card) => card.item),
      );
      cards = kept;
      roving.refresh(reset);
    },
    forget(id) {
      forgotten.add(id);
      const item = cards.get(id)?.item;
      const hadFocus = item?.contains(document.activeElement) === true;
      item?.remove();
      cards.delete(id);
      roving.refresh(false);
      if (hadFocus) roving.focus();
    },
    focus: roving.focus,
    focusAt(index) {
      list.children[index]?.querySelector('a')?.focus({ preventScroll: true });
    },
  };
}

/** Moves only what is not in its place: a moved picture flickers and loses the focus. */
function arrange(list: HTMLElement, items: readonly HTMLElement[]): void {
  const wanted = new Set<Element>(items);
  const present = Array.from(list.children);
  for (const child of present) if (!wanted.has(child)) child.remove();
  items.forEach((item, index) => {
    const there = list.children[index] ?? null;
    if (there !== item) list.insertBefore(item, there);
  });
}
