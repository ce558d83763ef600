/** Where in the page one is; the URL says it, so it can be sent to somebody. */
export interface Place {
  readonly query: string;
  /** Id of the picture in the detail view. */
  readonly image: string | null;
}

/** What the browser keeps with an entry of its history. */
interface Entry {
  /** How many details were opened one from another since the results: 0 in the results. */
  readonly depth: number;
  /** Made while typing: replaced by the next letter rather than kept. */
  readonly draft: boolean;
  readonly topK: number;
}

export const firstTopK = 24;
export const maxTopK = 100;

export function parsePlace(url: URL): Place {
  const query = (url.searchParams.get('q') ?? '').trim();
  return { query, image: url.searchParams.get('image') || null };
}

export function placeHref({ query, image }: Place): string {
  const parameters = new URLSearchParams();
  if (query !== '') parameters.set('q', query);
  if (image !== null) parameters.set('image', image);
  return parameters.size === 0 ? '/' : `/?${parameters}`;
}

export function currentPlace(): Place {
  return parsePlace(new URL(location.href));
}

export function currentEntry(): Entry {
  const state: Partial<Entry> | null = history.state;
  return { depth: 0, draft: false, topK: firstTopK, ...state };
}

/** Goes there, as a link does. */
export function goTo(place: Place): void {
  const here = currentPlace();
  const { depth, topK } = currentEntry();
  keep({ draft: false });
  if (placeHref(place) === placeHref(here)) return;
  const entry: Entry = {
    depth: place.image === null ? 0 : depth + 1,
    draft: false,
    topK: place.query === here.query ? topK : firstTopK,
  };
  history.pushState(entry, '', placeHref(place));
}

/** One entry for all that is typed until it is searched with Enter, so that Back leads to whole queries. */
export function typeQuery(query: string): void {
  const entry: Entry = { depth: 0, draft: true, topK: firstTopK };
  const href = placeHref({ query, image: null });
  if (currentEntry().draft) history.replaceState(entry, '', href);
  else if (query !== currentPlace().query) history.pushState(entry, '', href);
}

export function submitQuery(query: string): void {
  typeQuery(query);
  keep({ draft: false });
}

/** Remembers something of the present entry. */
export function keep(change: Partial<Entry>): void {
  history.replaceState({ ...currentEntry(), ...change }, '');
}

/** Leaves the detail view for the results under it. */
export function leaveDetail(): void {
  history.go(-currentEntry().depth);
}

/** Puts the results under a picture that a link from elsewhere leads to, so that closing it works the same. */
export function enter(): void {
  const { query, image } = currentPlace();
  if (history.state !== null || image === null) return;
  history.replaceState(null, '', placeHref({ query, image: null }));
  goTo({ query, image });
}
