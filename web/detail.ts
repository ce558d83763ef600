import type { Image } from '../core/model.ts';
import { keptKey } from './api-key.ts';
import { element, icon } from './element.ts';
import { fetchWithKey } from './keyed-picture.ts';
import { createPicture, originalHref } from './picture.ts';
import { facts, readableName } from './words.ts';

/** A picture large, with all that is known of it. */
export function createDetail(image: Image, removal?: HTMLElement): HTMLElement {
  const { metadata } = image;
  const name = readableName(metadata.file_name);
  const text = element('div', { class: 'detail-text' }, createTitle(name), createFacts(image));
  const original = originalHref(metadata.url);
  if (original !== '') text.append(createOriginalLink(original));
  if (removal) text.append(removal);
  const picture = createPicture(image, { alt: name, small: false });
  return element('div', { class: 'detail-body' }, picture, text);
}

/** Takes the focus when another picture is shown, so that its name is read out. */
export function createTitle(name: string): HTMLElement {
  return element('h2', { id: 'detail-name', tabindex: -1, dir: 'auto' }, name);
}

interface BarOptions {
  /** Whether this picture was opened from another one. */
  readonly canGoBack: boolean;
  readonly close: () => void;
}

export function createBar({ canGoBack, close }: BarOptions): HTMLElement {
  const bar = element('div', { class: 'detail-bar' });
  if (canGoBack) bar.append(createRoundButton('back', 'Back', () => history.back()));
  bar.append(createRoundButton('close', 'Close', close));
  return bar;
}

function createRoundButton(symbol: 'back' | 'close', name: string, act: () => void) {
  const attributes = { class: `round ${symbol}`, type: 'button', 'aria-label': name };
  const button = element('button', attributes, icon(symbol));
  button.addEventListener('click', act);
  return button;
}

function createFacts({ metadata }: Image): HTMLElement {
  const rows = facts(metadata).map(([label, text]) =>
    element('tr', {}, element('th', { scope: 'row' }, label), element('td', { dir: 'auto' }, text)),
  );
  return element('table', {}, element('tbody', {}, ...rows));
}

function createOriginalLink(href: string): HTMLElement {
  const attributes = { class: 'button', target: '_blank', rel: 'noopener', href };
  const link = element('a', attributes, 'Open original', icon('open'));
  link.addEventListener('click', async (event) => {
    if (keptKey() === undefined || new URL(href).origin !== location.origin) return;
    event.preventDefault();
    const picture = await fetchWithKey(href);
    open(picture ? URL.createObjectURL(picture) : href, '_blank', 'noopener');
  });
  return link;
}
