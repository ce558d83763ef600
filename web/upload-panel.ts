import { createKeyForm } from './api-key.ts';
import { element, find, icon } from './element.ts';
import type { UploadState } from './upload-row.ts';
import { countPictures } from './words.ts';

export interface UploadPanel {
  readonly list: HTMLElement;
  /** Shows the panel with what became of all of its files. */
  update(states: readonly UploadState[]): void;
  /** Asks for an API key, once for all files that want one. */
  askForKey(retry: () => void): void;
}

const listAttributes = {
  class: 'upload-list',
  id: 'upload-list',
  'aria-label': 'Files',
  // It scrolls, and may have nothing in it that can be focused.
  tabindex: 0,
};

/** In the corner: the files that are being added. `forget` when they are not to be seen any more. */
export function createUploadPanel(forget: () => void): UploadPanel {
  const panel = find('uploads', HTMLElement);
  const list = element('ul', listAttributes);
  const keyPlace = element('div', { class: 'upload-key' });
  const title = element('h2', { id: 'uploads-name' });
  const summary = element('p', { class: 'unseen', role: 'status' });
  const { fold, setFolded } = createFold(list);
  const close = createRound('close', 'Close the list', () => {
    panel.hidden = true;
    keyPlace.replaceChildren();
    forget();
    find('add', HTMLButtonElement).focus();
  });
  const bar = element('div', { class: 'upload-bar' }, title, fold, close);
  panel.append(bar, summary, keyPlace, list);

  return {
    list,
    update(states) {
      if (panel.hidden) setFolded(false);
      panel.hidden = false;
      close.hidden = states.some(isUnderWay);
      const text = summarize(states);
      title.textContent = text;
      // Read out when it changes, which percents do not change.
      if (summary.textContent !== text) summary.textContent = text;
    },
    askForKey(retry) {
      if (keyPlace.childElementCount > 0) return;
      setFolded(false);
      const again = () => {
        keyPlace.replaceChildren();
        retry();
      };
      keyPlace.append(createKeyForm(again));
    },
  };
}

function createFold(list: HTMLElement) {
  const fold = createRound('fold', 'Hide the list', () => setFolded(!list.hidden));
  fold.setAttribute('aria-controls', list.id);

  function setFolded(folded: boolean): void {
    list.hidden = folded;
    fold.setAttribute('aria-expanded', String(!folded));
    fold.setAttribute('aria-label', folded ? 'Show the list' : 'Hide the list');
  }

  return { fold, setFolded };
}

export function isUnderWay({ step }: UploadState): boolean {
  return step !== 'done' && step !== 'failed';
}

function summarize(states: readonly UploadState[]): string {
  const count = (step: UploadState['step']) => states.filter((one) => one.step === step).length;
  const [done, failed] = [count('done'), count('failed')];
  const all = countPictures(states.length);
  const bad = failed === 0 ? '' : `, ${failed} failed`;
  if (states.some(isUnderWay)) return `${done} of ${all} added${bad}`;
  if (done === 0) return states.length === 1 ? 'The picture was not added' : 'No picture was added';
  return `${countPictures(done)} added${bad}`;
}

function createRound(symbol: 'fold' | 'close', name: string, act: () => void): HTMLButtonElement {
  const attributes = { class: `round ${symbol}`, type: 'button', 'aria-label': name };
  const button = element('button', attributes, icon(symbol));
  button.addEventListener('click', act);
  return button;
}
