import type { SearchResponse } from '../core/model.ts';
import { find } from './element.ts';
import { createGrid } from './grid.ts';
import { createNoMatchNotice, createNoPicturesNotice } from './notice.ts';
import { maxTopK } from './place.ts';
import { countPictures, duration } from './words.ts';

interface Shown {
  readonly query: string;
  readonly topK: number;
  /** Whether these are more results of the query shown before. */
  readonly isMore: boolean;
}

export interface ResultsView {
  readonly more: HTMLButtonElement;
  setBusy(busy: boolean): void;
  clear(): void;
  showAnswer(answer: SearchResponse, shown: Shown): void;
  /** In place of results. */
  showNotice(notice: HTMLElement): void;
  /** Takes one picture out of the results. */
  forget(id: string): void;
  focus(): boolean;
}

/** The elements under the search box. `leave` is where Up from the first row leads. */
export function createResultsView(
  leave: () => void,
  countIndexed: () => number | null,
): ResultsView {
  const main = find('main', HTMLElement);
  const notice = find('notice', HTMLElement);
  const more = find('more', HTMLButtonElement);
  const list = find('grid', HTMLElement);
  const grid = createGrid(list, leave);

  function clear(...inPlace: readonly HTMLElement[]) {
    showSummary(null);
    grid.show([], '', true);
    notice.replaceChildren(...inPlace);
    more.hidden = true;
  }

  return {
    more,
    setBusy: (busy) => main.setAttribute('aria-busy', String(busy)),
    clear: () => clear(),
    showNotice: clear,
    showAnswer(answer, { query, topK, isMore }) {
      const { results } = answer;
      if (results.length === 0) {
        clear(countIndexed() === 0 ? createNoPicturesNotice() : createNoMatchNotice(query));
        return showSummary(answer);
      }
      const countBefore = list.children.length;
      const hadFocus = document.activeElement === more;
      showSummary(answer);
      notice.replaceChildren();
      grid.show(results, query, !isMore);
      more.hidden = results.length < topK || topK >= maxTopK;
      if (!isMore) scrollTo({ top: 0, behavior: 'instant' });
      else if (hadFocus) grid.focusAt(countBefore);
    },
    forget: grid.forget,
    focus: grid.focus,
  };
}

function showSummary(answer: SearchResponse | null): void {
  const parts = answer ? [`${countPictures(answer.total)} in ${duration(answer.latency_ms)}`] : [];
  if (answer?.cached) parts.push('cached');
  find('status', HTMLElement).textContent = parts.join(' · ');
  find('truncated', HTMLElement).hidden = !answer?.query_truncated;
}
