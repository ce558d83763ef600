import type { Signal } from '@preact/signals';
import { effect, signal } from '@preact/signals';
import type { Features } from './server-facts.ts';

/** What somebody wants of a language model; kept by the browser. */
export interface Wishes {
  readonly explanation: Signal<boolean>;
  readonly rerank: Signal<boolean>;
}

export function createWishes(): Wishes {
  return { explanation: createKept('explain'), rerank: createKept('rerank') };
}

/** What can be had of it. */
export function possible({ explanation, rerank }: Wishes, features: Features): Features {
  return {
    explanation: features.explanation && explanation.peek(),
    rerank: features.rerank && rerank.peek(),
  };
}

function createKept(key: string): Signal<boolean> {
  const wish = signal(read(key) === 'yes');
  effect(() => write(key, wish.value ? 'yes' : 'no'));
  return wish;
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Where nothing may be stored, it is kept until the page is left.
  }
}
