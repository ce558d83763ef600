import { render } from 'preact';
import { api } from './api.ts';
import { App } from './app.tsx';
import { createPageState } from './page-state.ts';
import { createPlaces } from './place.ts';

const root = document.getElementById('app');
if (!root) throw new Error('Cannot start as the page lacks an element: app');

const page = createPageState(api);
const { conversation } = page;
createPlaces(window).enter();
page.start();

// Somebody may have typed before this was loaded, and goes on typing.
const before = document.getElementById('query');
const typed = before instanceof HTMLInputElement ? before.value : '';
const hadFocus = document.activeElement === before;
if (typed.trim() !== '') conversation.type(typed);

render(<App page={page} />, root);

const box = document.getElementById('query');
if (hadFocus && box instanceof HTMLInputElement && document.activeElement === document.body) {
  box.focus({ preventScroll: true });
  box.setSelectionRange(typed.length, typed.length);
}
