export interface Roving {
  /** Call after the items changed; `reset` makes the first the one that Tab reaches. */
  refresh(reset: boolean): void;
  /** Focuses the item that Tab reaches; false where there is none. */
  focus(): boolean;
}

type Move = (index: number, columns: number) => number;

const moves: Readonly<Record<string, Move>> = {
  ArrowLeft: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  ArrowUp: (index, columns) => index - columns,
  ArrowDown: (index, columns) => index + columns,
  Home: () => 0,
  End: () => Number.MAX_SAFE_INTEGER,
};

/** A list of links that is one stop for Tab, with the arrow keys inside. `leave` is Up from the first row. */
export function addRovingFocus(list: HTMLElement, leave?: () => void): Roving {
  const links = () => [...list.querySelectorAll<HTMLAnchorElement>('a')];
  const reached = () => list.querySelector<HTMLAnchorElement>('a[tabindex="0"]');

  function reach(link: HTMLAnchorElement | undefined) {
    const before = reached();
    if (before) before.tabIndex = -1;
    if (link) link.tabIndex = 0;
  }

  list.addEventListener('focusin', (event) => {
    if (event.target instanceof HTMLAnchorElement) reach(event.target);
  });

  list.addEventListener('keydown', (event) => {
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const all = links();
    const columns = countColumns(all);
    const last = all.length - 1;
    const index = all.findIndex((link) => link === document.activeElement);
    const next = move(index, columns);
    const isFirstRow = index < columns;
    const isLastRow = Math.floor(index / columns) === Math.floor(last / columns);
    if (event.key === 'ArrowUp' && isFirstRow && !leave) return;
    if (event.key === 'ArrowDown' && isLastRow) return;
    event.preventDefault();
    if (event.key === 'ArrowUp' && isFirstRow) leave?.();
    else all[Math.max(0, Math.min(last, next))]?.focus();
  });

  return {
    refresh(reset) {
      if (reset || !reached()) reach(links()[0]);
    },
    focus() {
      const link = reached();
      link?.focus();
      return link !== null;
    },
  };
}

function countColumns(links: readonly HTMLElement[]): number {
  const tops = links.map((link) => Math.round(link.getBoundingClientRect().top));
  return Math.max(1, tops.filter((top) => top === tops[0]).length);
}
