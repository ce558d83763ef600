import { batch, computed, signal } from '@preact/signals';
import type { ParsedSearch } from '../query-syntax.ts';
import { formatQuery } from '../query-syntax.ts';
import { without } from './found.ts';
import { createListing } from './listing.ts';
import type { TurnParts } from './turn-asking.ts';
import { createAsking } from './turn-asking.ts';
import type { Turn, TurnView, Understood } from './types.ts';

const unasked: TurnView = {
  status: 'waiting',
  found: undefined,
  notice: undefined,
  more: 'idle',
  explanation: { step: 'none' },
};

export interface TurnBeginning {
  readonly understood?: Understood | undefined;
  /** Whether somebody is still typing it. */
  readonly isDraft?: boolean;
}

let lastKey = 0;

/** One search and what is found by it. */
export function createTurn(
  first: ParsedSearch,
  parts: TurnParts,
  { understood: how, isDraft = false }: TurnBeginning = {},
): Turn {
  const search = signal(first);
  const understood = signal(how);
  const view = signal(unasked);
  const set = (change: Partial<TurnView>) => (view.value = { ...view.value, ...change });
  const listing = createListing({ search, view, set, ...parts });
  const onAsk = listing.cancel;
  const { ask, ...asking } = createAsking({ search, view, set, isDraft, onAsk, ...parts });

  return {
    key: (lastKey += 1),
    search,
    text: computed(() => formatQuery(search.value)),
    understood,
    view,
    start: () => void (view.peek().status === 'waiting' && ask()),
    again: ask,
    change(next, nextHow) {
      const isSame = formatQuery(next) === formatQuery(search.peek());
      batch(() => {
        understood.value = nextHow;
        search.value = next;
        if (!isSame) ask();
      });
    },
    settle: asking.settle,
    more: listing.more,
    showLessCertain: listing.showLessCertain,
    forget: (id) => forget(id, view.peek(), set),
    stop() {
      asking.cancel();
      listing.cancel();
    },
  };
}

function forget(id: string, { found }: TurnView, set: (change: Partial<TurnView>) => void): void {
  if (found) set({ found: without(found, id) });
}
