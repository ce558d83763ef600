import type { ReadonlySignal } from '@preact/signals';
import type { SearchResponse } from '../../core/model.ts';
import type { Answer } from '../client-answer.ts';
import type { ParsedSearch } from '../query-syntax.ts';
import { unseen, withPage } from './found.ts';
import { createLatest } from './latest.ts';
import { firstCursor, limits, pageTopK } from './limits.ts';
import { toListRequest } from './turn-request.ts';
import type { TurnParts } from './turn-asking.ts';
import type { Found, TurnView } from './types.ts';

interface ListingParts extends Pick<TurnParts, 'client' | 'explain' | 'onHits'> {
  readonly search: ReadonlySignal<ParsedSearch>;
  readonly view: ReadonlySignal<TurnView>;
  readonly set: (change: Partial<TurnView>) => void;
}

export interface Listing {
  more(): void;
  showLessCertain(): void;
  cancel(): void;
}

/** What follows the first page of a turn's results. What is shown is never lost by it. */
export function createListing(parts: ListingParts): Listing {
  const { view, set } = parts;
  const loads = createLatest();

  async function load(isCut: boolean, ask: typeof askNext): Promise<void> {
    const { found, status, more } = view.peek();
    if (!found || status !== 'shown' || more === 'busy') return;
    const signal = loads.next();
    set({ more: 'busy' });
    const answer = await ask(parts, found, isCut, signal);
    if (signal.aborted) return;
    if (!answer.ok) return set({ more: parts.explain(answer) });
    parts.onHits(answer.value.results);
    const present = view.peek().found ?? found;
    set({ more: 'idle', found: withPage(present, answer.value, isCut) });
  }

  return {
    more() {
      const { found } = view.peek();
      if (found?.nextCursor) void load(found.isCut, askNext);
    },
    showLessCertain: () => void load(false, passShown),
    cancel() {
      loads.cancel();
      if (view.peek().more !== 'idle') set({ more: 'idle' });
    },
  };
}

async function askNext(
  parts: ListingParts,
  found: Found,
  isCut: boolean,
  signal: AbortSignal,
): Promise<Answer<SearchResponse>> {
  const cursor = found.nextCursor ?? firstCursor;
  if (cursor === firstCursor) return passShown(parts, found, isCut, signal);
  const asked = { cursor, topK: pageTopK, isCut };
  const answer = await askPage(parts, asked, signal);
  // A list is kept for a while only; then it is read anew as far as it was.
  const isGone = !answer.ok && answer.problem.code === 'cursor_expired';
  return isGone ? passShown(parts, found, isCut, signal) : answer;
}

/** The list from its start, as far as something that is not shown yet. */
async function passShown(
  parts: ListingParts,
  { hits }: Found,
  isCut: boolean,
  signal: AbortSignal,
): Promise<Answer<SearchResponse>> {
  const topK = Math.min(limits.topK, hits.length + pageTopK);
  for (let cursor = firstCursor; ;) {
    const answer = await askPage(parts, { cursor, topK, isCut }, signal);
    if (!answer.ok || !answer.value.next_cursor) return answer;
    if (unseen(hits, answer.value.results).length > 0) return answer;
    cursor = answer.value.next_cursor;
  }
}

interface Page {
  readonly cursor: string;
  readonly topK: number;
  readonly isCut: boolean;
}

function askPage(
  { client, search }: ListingParts,
  { cursor, ...asked }: Page,
  signal: AbortSignal,
) {
  return client.search(toListRequest(search.peek(), cursor, asked), { signal });
}
