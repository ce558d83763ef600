import { element } from './element.ts';

const storageKey = 'api-key';

let kept = stored();
let isBeingTried = false;

/** The key that somebody typed; it is forgotten when the tab is closed. */
export function keptKey(): string | undefined {
  return kept;
}

/** Asks for a key, keeps it, and tries again with it. */
export function createKeyForm(retry: () => void): HTMLElement {
  const input = element('input', {
    type: 'password',
    name: 'api-key',
    'aria-label': 'API key',
    placeholder: 'API key',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    required: true,
  });
  const button = element('button', { class: 'button', type: 'submit' }, 'Use this key');
  const form = element('form', { class: 'key-form' }, input, button);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    keep(input.value.trim());
    isBeingTried = true;
    retry();
  });
  // A key that was refused is typed again where the first one was.
  if (isBeingTried) queueMicrotask(() => input.focus());
  isBeingTried = false;
  return form;
}

function keep(key: string): void {
  kept = key;
  try {
    sessionStorage.setItem(storageKey, key);
  } catch {
    // Where nothing may be stored, it is kept until the page is loaded again.
  }
}

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(storageKey) ?? undefined;
  } catch {
    return undefined;
  }
}
