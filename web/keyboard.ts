interface KeyboardOptions {
  readonly input: HTMLInputElement;
  readonly clear: () => void;
  /** Leads into the results; false where there are none. */
  readonly focusResults: () => boolean;
}

/** `/` and Escape lead to the search box, Down from it into the results. */
export function listenToKeys({ input, clear, focusResults }: KeyboardOptions): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
      return;
    // What is typed into a field, such as an API key, stays there.
    if (event.target instanceof HTMLInputElement) return;
    if (event.key !== '/' && event.key !== 'Escape') return;
    event.preventDefault();
    input.focus();
    input.select();
  });

  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' && focusResults()) event.preventDefault();
    if (event.key !== 'Escape') return;
    event.preventDefault();
    if (input.value === '') input.blur();
    else clear();
  });
}
