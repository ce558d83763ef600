import { longestHref, mostTurns } from './limits.ts';

/** Where in the page one is. The URL says all of it, so it can be sent to somebody. */
export interface Place {
  /** What the search box would say for each turn, oldest first. */
  readonly turns: readonly string[];
  /** Id of the picture in the detail view. */
  readonly image: string | null;
}

/** What the browser keeps with an entry of its history. */
interface Entry {
  /** How many details were opened one from another since the results: 0 in the results. */
  readonly depth: number;
  /** Made while typing: replaced by the next letter rather than kept. */
  readonly draft: boolean;
}

/** The parts of a browser that know where one is. */
export interface Browser {
  readonly location: Pick<Location, 'href'>;
  readonly history: Pick<History, 'state' | 'pushState' | 'replaceState' | 'go'>;
}

export interface Places {
  current(): Place;
  /** How many pictures lie one on another in the detail view. */
  depth(): number;
  /** Goes there, as a link does. */
  goTo(place: Place): void;
  /** One entry for all that is typed until Enter, so that Back leads to whole searches. */
  type(place: Place): void;
  /** Keeps what was typed: the next thing has an entry of its own. */
  settle(): void;
  /** Another picture in place of the open one: Back closes it all the same. */
  swapImage(id: string): void;
  /** Leaves the detail view for the results under it. */
  leaveDetail(): void;
  /** Puts the results under a picture that a link from elsewhere leads to, so that closing it works the same. */
  enter(): void;
}

export function parsePlace(href: string): Place {
  const { searchParams } = new URL(href);
  const texts = searchParams.getAll('q').map((text) => text.trim());
  const turns = texts.filter((text) => text !== '').slice(-mostTurns);
  return { turns, image: searchParams.get('image') || null };
}

/** Has as many of the newest turns as an address has room for, and the newest in any case. */
export function placeHref({ turns, image }: Place): string {
  const parameters = new URLSearchParams();
  for (const text of turns.slice(-mostTurns)) parameters.append('q', text);
  if (image !== null) parameters.set('image', image);
  const href = parameters.size === 0 ? '/' : `/?${parameters}`;
  const isTooLong = href.length > longestHref && turns.length > 1;
  return isTooLong ? placeHref({ turns: turns.slice(1), image }) : href;
}

export function createPlaces({ location, history }: Browser): Places {
  const current = () => parsePlace(location.href);
  const entry = (): Entry => ({ depth: 0, draft: false, ...(history.state as Entry | null) });
  const keep = (change: Partial<Entry>) => history.replaceState({ ...entry(), ...change }, '');

  function goTo(place: Place): void {
    const { depth } = entry();
    keep({ draft: false });
    if (placeHref(place) === placeHref(current())) return;
    const next: Entry = { depth: place.image === null ? 0 : depth + 1, draft: false };
    history.pushState(next, '', placeHref(place));
  }

  return {
    current,
    depth: () => entry().depth,
    goTo,
    type(place) {
      const next: Entry = { depth: 0, draft: true };
      const href = placeHref(place);
      if (entry().draft) history.replaceState(next, '', href);
      else if (href !== placeHref(current())) history.pushState(next, '', href);
    },
    settle: () => keep({ draft: false }),
    swapImage(id) {
      const { turns } = current();
      history.replaceState(entry(), '', placeHref({ turns, image: id }));
    },
    leaveDetail: () => history.go(-entry().depth),
    enter() {
      const { turns, image } = current();
      if (history.state !== null || image === null) return;
      history.replaceState(null, '', placeHref({ turns, image: null }));
      goTo({ turns, image });
    },
  };
}
