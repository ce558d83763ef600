import { useEffect, useLayoutEffect } from 'preact/hooks';
import type { Hit } from '../../core/model.ts';
import { keptKey } from './api-key.ts';
import { originalHref } from './original-href.ts';

export interface Steps {
  /** Of this picture among the results, from 1. */
  readonly place: number;
  readonly count: number;
  readonly previous: (() => void) | undefined;
  readonly next: (() => void) | undefined;
}

/** The ways to the results before and after a picture, which the arrow keys lead as well. */
export function useSteps(
  id: string,
  hits: readonly Hit[],
  onStep: ((id: string) => void) | undefined,
): Steps | undefined {
  const index = hits.findIndex((hit) => hit.id === id);
  const [before, after] = [hits[index - 1]?.id, hits[index + 1]?.id];

  // Before the next key, which may come before the next frame.
  useLayoutEffect(() => {
    if (index < 0 || !onStep) return undefined;
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      // Where the keys mean something already, as in a field or in a list of pictures.
      const { target } = event;
      if (event.defaultPrevented || target instanceof HTMLInputElement) return;
      if (target instanceof Element && target.closest('.strip')) return;
      const to = { ArrowLeft: before, ArrowRight: after }[event.key];
      if (to !== undefined) onStep(to);
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [index, before, after, onStep]);

  useEffect(() => {
    const next = hits[index + 1];
    if (index >= 0 && next) prepare(next);
  }, [index, hits]);

  if (index < 0 || !onStep || hits.length < 2) return undefined;
  return {
    place: index + 1,
    count: hits.length,
    previous: before === undefined ? undefined : () => onStep(before),
    next: after === undefined ? undefined : () => onStep(after),
  };
}

/** Loads a picture before it is asked for; one that needs a key comes when it is. */
function prepare({ metadata }: Hit): void {
  const href = originalHref(metadata.url);
  if (href !== '' && keptKey() === undefined) new Image().src = href;
}
