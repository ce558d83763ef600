import { createKeyForm } from './api-key.ts';
import { element } from './element.ts';
import type { Notice } from './problem.ts';

/** A sentence that says what is, and one that says what to do. */
export function createNotice(title: string, ...more: readonly (Node | string)[]): HTMLElement {
  return element(
    'div',
    { class: 'notice' },
    element('p', { class: 'notice-title', dir: 'auto' }, title),
    element('p', {}, ...more),
  );
}

export function createProblemNotice(problem: Notice, retry: () => void): HTMLElement {
  const notice = createNotice(problem.title, problem.text);
  if (problem.remedy === 'key') notice.append(createKeyForm(retry));
  if (problem.remedy === 'retry') {
    const button = element('button', { class: 'button', type: 'button' }, 'Try again');
    button.addEventListener('click', retry);
    notice.append(button);
  }
  return notice;
}

export function createNoMatchNotice(query: string): HTMLElement {
  return createNotice(`No pictures match “${query}”`, 'Try other words, or fewer of them.');
}

export function createNoPicturesNotice(): HTMLElement {
  return createNotice(
    'There are no pictures here yet',
    'Index a folder with ',
    element('code', {}, 'npm run index -- <folder>'),
    ' and load this page again',
    element('span', { class: 'or-add' }, ', or add some here'),
    '.',
  );
}
