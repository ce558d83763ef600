import type { Image } from '../core/model.ts';
import { api } from './api.ts';
import { createLatest, pause } from './latest.ts';
import { createProblemNotice } from './notice.ts';
import { currentEntry, firstTopK, keep, maxTopK } from './place.ts';
import { explain } from './problem.ts';
import type { Notice } from './problem.ts';
import type { ResultsView } from './results-view.ts';

export interface Results {
  /** Shows the answer to the query, or nothing where it is empty. */
  show(query: string, topK: number): Promise<void>;
  /** Shows a picture no more: it was removed. */
  forget(id: string): void;
}

const nothing = { query: '', topK: 0 };

/** Asks for results and has them shown; only the newest question counts. `known` takes in the pictures found. */
export function createResults(view: ResultsView, known: Map<string, Image>): Results {
  const searches = createLatest();
  let shown = nothing;

  async function showProblem(problem: Notice, again: () => void, signal: AbortSignal) {
    shown = nothing;
    view.showNotice(createProblemNotice(problem, again));
    if (problem.retryAfterSeconds === undefined) return;
    await pause(problem.retryAfterSeconds * 1000, signal);
    if (!signal.aborted) again();
  }

  async function show(query: string, topK: number): Promise<void> {
    const signal = searches.next();
    const isShown = query === shown.query && topK === shown.topK;
    view.setBusy(query !== '' && !isShown);
    if (query === '') {
      shown = nothing;
      return view.clear();
    }
    if (isShown) return;
    const asked = { query, top_k: topK };
    const answer = await api.search(asked, { signal, cacheable: true });
    if (signal.aborted) return;
    view.setBusy(false);
    if (!answer.ok) return showProblem(explain(answer), () => void show(query, topK), signal);
    for (const hit of answer.value.results) known.set(hit.id, hit);
    const isMore = query === shown.query && topK > shown.topK;
    shown = { query, topK };
    view.showAnswer(answer.value, { query, topK, isMore });
  }

  view.more.addEventListener('click', () => {
    const topK = Math.min(maxTopK, currentEntry().topK + firstTopK);
    keep({ topK });
    void show(shown.query, topK);
  });

  return { show, forget: view.forget };
}
