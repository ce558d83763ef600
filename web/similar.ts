import type { Image } from '../core/model.ts';
import { api } from './api.ts';
import { element } from './element.ts';
import { createGrid } from './grid.ts';
import { explain } from './problem.ts';

const stripTopK = 13;

interface SimilarOptions {
  readonly image: Image;
  /** The query that the opened pictures go back to. */
  readonly query: string;
  readonly known: Map<string, Image>;
  readonly signal: AbortSignal;
}

/** A strip of the pictures nearest to one, filled when the answer is there. */
export function createSimilar(options: SimilarOptions): HTMLElement {
  const list = element('ul', { class: 'strip', 'aria-labelledby': 'similar-name' });
  const remark = element('p', { class: 'remark', role: 'status' });
  void fill(list, remark, options);
  return element(
    'section',
    { class: 'similar' },
    element('h3', { id: 'similar-name' }, 'Similar pictures'),
    list,
    remark,
  );
}

async function fill(list: HTMLElement, remark: HTMLElement, options: SimilarOptions) {
  const { image, query, known, signal } = options;
  const answer = await api.similar(image.id, { top_k: stripTopK, signal });
  if (signal.aborted) return;
  const hits = answer.ok ? answer.value.results.filter(({ id }) => id !== image.id) : [];
  for (const hit of hits) known.set(hit.id, hit);
  createGrid(list).show(hits, query, true);
  list.hidden = hits.length === 0;
  if (!answer.ok) remark.textContent = `${explain(answer).title}. Open the picture again to retry.`;
  else if (hits.length === 0) remark.textContent = 'There are no other pictures to compare with.';
}
