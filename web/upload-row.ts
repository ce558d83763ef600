import { element } from './element.ts';
import { currentPlace, placeHref } from './place.ts';
import { createPreview } from './preview.ts';
import type { UploadProblem } from './upload-problem.ts';
import { readableName } from './words.ts';

/** How far a file is. */
export type UploadState =
  | { readonly step: 'waiting' | 'indexing' }
  | { readonly step: 'sending'; readonly share: number }
  | { readonly step: 'done'; readonly id: string }
  | ({ readonly step: 'failed' } & UploadProblem);

export interface UploadRow {
  readonly item: HTMLLIElement;
  show(state: UploadState): void;
}

const words = { waiting: 'Waiting', indexing: 'Being indexed', done: 'Searchable' } as const;

/** One file in the list: its picture, its name, and how far it is. */
export function createUploadRow(file: File, retry: () => void): UploadRow {
  const name = element('span', { class: 'upload-name', dir: 'auto', title: file.name }, file.name);
  const state = element('span', { class: 'upload-state' });
  const bar = element('progress', { max: 1, 'aria-label': `Sending ${file.name}` });
  const action = element('span', { class: 'upload-action' });
  const text = element('span', { class: 'upload-text' }, name, state, bar);
  const item = element('li', { class: 'upload' }, createPreview(file), text, action);

  return {
    item,
    show(now) {
      const hadFocus = action.contains(document.activeElement);
      item.dataset['step'] = now.step;
      state.textContent = describe(now);
      bar.hidden = now.step !== 'sending';
      if (now.step === 'sending') bar.value = now.share;
      const act = actionFor(now, file, retry);
      action.replaceChildren(...(act ? [act] : []));
      if (hadFocus) act?.focus();
    },
  };
}

function describe(state: UploadState): string {
  if (state.step === 'failed') return state.text;
  if (state.step === 'sending') return `Sending, ${Math.floor(state.share * 100)} %`;
  return words[state.step];
}

function actionFor(state: UploadState, file: File, retry: () => void): HTMLElement | undefined {
  const name = readableName(file.name);
  if (state.step === 'failed' && state.remedy === 'retry') {
    const attributes = { class: 'link', type: 'button', 'aria-label': `Try ${name} again` };
    const button = element('button', attributes, 'Try again');
    button.addEventListener('click', retry);
    return button;
  }
  if (state.step !== 'done') return undefined;
  const { id } = state;
  const href = () => placeHref({ query: currentPlace().query, image: id });
  const attributes = { class: 'link', href: href(), 'data-go': true, 'aria-label': `Show ${name}` };
  const link = element('a', attributes, 'Show');
  // It lies over the results that are there by then.
  link.addEventListener('click', () => (link.href = href()));
  return link;
}
