import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** Tells the style sheets how much of the window's bottom the search box takes. */
export function useComposerHeight(composer: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const { current } = composer;
    if (!current) return undefined;
    const observer = new ResizeObserver(() => {
      const height = `${current.offsetHeight}px`;
      document.documentElement.style.setProperty('--composer-height', height);
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
}
