import type { Browser } from './place.ts';

interface Visited {
  readonly state: unknown;
  readonly href: string;
}

/** A browser's memory of where it was, for tests: `go` moves at once and tells `onPop`. */
export function createTestBrowser(
  start = '/',
  onPop: () => void = () => {},
): Browser & { readonly entries: () => readonly string[] } {
  const origin = 'https://pictures.example';
  let entries: readonly Visited[] = [{ state: null, href: origin + start }];
  let at = 0;
  const here = () => entries[at] ?? { state: null, href: origin };
  const made = (state: unknown, path: unknown): Visited => ({
    state: structuredClone(state),
    href: path === undefined ? here().href : new URL(String(path), here().href).href,
  });
  return {
    entries: () => entries.map(({ href }) => href.slice(origin.length)),
    location: {
      get href() {
        return here().href;
      },
    },
    history: {
      get state() {
        return here().state;
      },
      pushState(state, _title, path) {
        entries = [...entries.slice(0, at + 1), made(state, path)];
        at += 1;
      },
      replaceState(state, _title, path) {
        entries = entries.with(at, made(state, path));
      },
      go(delta = 0) {
        at = Math.max(0, Math.min(entries.length - 1, at + delta));
        onPop();
      },
    },
  };
}
