import type { Image } from '../core/model.ts';
import { offerAdding } from './adding.ts';
import { api } from './api.ts';
import { createDetailDialog } from './dialog.ts';
import { find } from './element.ts';
import { showExamples } from './examples.ts';
import { listenToKeys } from './keyboard.ts';
import { createLatest, pause } from './latest.ts';
import {
  currentEntry,
  currentPlace,
  enter,
  goTo,
  parsePlace,
  submitQuery,
  typeQuery,
} from './place.ts';
import { createResultsView } from './results-view.ts';
import { createResults } from './results.ts';
import { readableName } from './words.ts';

const debounceMs = 150;

const form = find('search', HTMLFormElement);
const input = find('query', HTMLInputElement);
const typing = createLatest();
const known = new Map<string, Image>();
let indexed: number | null = null;

const view = createResultsView(
  () => input.focus(),
  () => indexed,
);
const results = createResults(view, known);
const canRemove = offerAdding(known, () => void count());
const dialog = createDetailDialog(known, { canRemove, onRemoved: results.forget });

/** Makes the page show what the URL says. */
function show(): void {
  const { query, image } = currentPlace();
  if (input.value.trim() !== query) input.value = query;
  document.body.dataset['view'] = query === '' ? 'start' : 'results';
  void results.show(query, currentEntry().topK);
  void dialog.show(image).then(nameTab);
}

function nameTab(): void {
  const { query, image } = currentPlace();
  const name = image === null ? undefined : known.get(image)?.metadata.file_name;
  const title = name === undefined ? query : readableName(name);
  document.title = title === '' ? 'Picture search' : `${title} – Picture search`;
}

function submit(): void {
  typing.cancel();
  submitQuery(input.value.trim());
  show();
}

function clear(): void {
  input.value = '';
  submit();
  input.focus();
}

async function searchSoon(): Promise<void> {
  const signal = typing.next();
  await pause(debounceMs, signal);
  if (signal.aborted) return;
  typeQuery(input.value.trim());
  show();
}

input.addEventListener('input', (event) => {
  if (!(event instanceof InputEvent && event.isComposing)) void searchSoon();
});

// No input event follows the end of a composition, as of Japanese or Chinese words.
input.addEventListener('compositionend', () => void searchSoon());

form.addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});

find('clear', HTMLButtonElement).addEventListener('click', clear);

// Cards, examples and the name are links; here they are followed without loading the page again.
document.addEventListener('click', (event) => {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
    return;
  const link = event.target instanceof Element ? event.target.closest('a[data-go]') : null;
  if (!(link instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  typing.cancel();
  goTo(parsePlace(new URL(link.href)));
  show();
});

addEventListener('popstate', () => {
  typing.cancel();
  show();
});

listenToKeys({ input, clear, focusResults: view.focus });
enter();
// Somebody may have typed before this was loaded.
if (currentPlace().query === '') typeQuery(input.value.trim());
show();

async function count(): Promise<void> {
  const stats = await api.stats();
  if (stats.ok) indexed = stats.value.collection.vectors_count;
  showExamples(indexed);
}

void count();
