import type { Hit } from '../core/model.ts';
import { element } from './element.ts';
import { createPicture } from './picture.ts';
import { placeHref } from './place.ts';
import { readableName, scoreText } from './words.ts';

export interface Card {
  readonly item: HTMLLIElement;
  /** The same picture found by another query. */
  update(hit: Hit, query: string, bestScore: number): void;
}

/** A picture in the results or among similar ones: a link, so it can be opened in a tab as well. */
export function createCard(hit: Hit): Card {
  const name = readableName(hit.metadata.file_name);
  const score = element('span', { class: 'number' });
  const bar = element('span', { class: 'bar', 'aria-hidden': 'true' }, element('span'));
  const link = element(
    'a',
    { class: 'card', 'data-go': true, tabindex: -1 },
    createPicture(hit, { alt: '', small: true }),
    element('span', { class: 'name', dir: 'auto', title: hit.metadata.file_name }, name),
    element(
      'span',
      { class: 'facts' },
      element('span', { class: 'category', dir: 'auto' }, hit.metadata.category ?? ''),
      element('span', { class: 'score' }, bar, hidden('Score '), score),
    ),
  );
  return {
    item: element('li', {}, link),
    update(found, query, bestScore) {
      const share = bestScore > 0 ? Math.max(0, Math.min(1, found.score / bestScore)) : 0;
      link.href = placeHref({ query, image: found.id });
      score.textContent = scoreText(found.score);
      // Through the object model: a style attribute would be refused by the content security policy.
      bar.style.setProperty('--share', share.toFixed(3));
    },
  };
}

function hidden(text: string): HTMLSpanElement {
  return element('span', { class: 'unseen' }, text);
}
