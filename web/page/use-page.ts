import { useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Conversation } from './conversation.ts';
import { titleOf } from './describe.ts';
import { focusBox } from './focus.ts';
import { known } from './known.ts';
import { parsePlace } from './place.ts';
import { readableName } from './words.ts';

/** Links of the page are followed without loading it again; Back and Forward lead through it. */
export function useLinks(conversation: Conversation): void {
  useEffect(() => {
    const onClick = (event: MouseEvent) => {
      if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
        return;
      const link = event.target instanceof Element ? event.target.closest('a[data-go]') : null;
      if (!(link instanceof HTMLAnchorElement)) return;
      event.preventDefault();
      conversation.follow(parsePlace(link.href));
    };
    document.addEventListener('click', onClick);
    addEventListener('popstate', conversation.show);
    return () => {
      document.removeEventListener('click', onClick);
      removeEventListener('popstate', conversation.show);
    };
  }, [conversation]);
}

/** `/` and Escape lead to the search box from everywhere. */
export function useShortcuts(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
        return;
      // What is typed into a field, such as an API key, stays there.
      if (event.target instanceof HTMLInputElement) return;
      if (event.key !== '/' && event.key !== 'Escape') return;
      event.preventDefault();
      focusBox();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

export function useDocumentTitle({ turns, image }: Conversation): void {
  useSignalEffect(() => {
    const last = turns.value.at(-1);
    const opened = image.value === null ? undefined : known.get(image.value);
    const name = opened && readableName(opened.metadata.file_name);
    const title = name ?? (last ? titleOf(last.search.value) : '');
    document.title = title === '' ? 'Picture search' : `${title} – Picture search`;
  });
}
