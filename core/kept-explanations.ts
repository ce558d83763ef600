import { createLru } from './lru.ts';
import type { Cache } from './ports.ts';
import type { Clock } from './timings.ts';

export interface ExplanationKeeping {
  /** Left out: they are kept in this process alone. */
  readonly cache?: Cache | undefined;
  readonly ttlSeconds: number;
  readonly now: Clock;
}

const nearTexts = 512;

/** Explanations by the question that they answer: never outdated, as another index is another question. */
export function createKeptExplanations({ cache, ttlSeconds, now }: ExplanationKeeping) {
  const near = createLru<{ readonly text: string; readonly endsAtMs: number }>(nearTexts);

  function setAside(key: string, text: string): void {
    near.set(key, { text, endsAtMs: now() + ttlSeconds * 1000 });
  }

  return {
    async lookUp(key: string): Promise<string | undefined> {
      const known = near.get(key);
      if (known !== undefined && known.endsAtMs > now()) return known.text;
      const [text] = (await cache?.get([prefix + key])) ?? [];
      if (text === undefined || text === '') return undefined;
      setAside(key, text);
      return text;
    },
    keep(key: string, text: string): void {
      setAside(key, text);
      // Nobody waits for it: what can't be kept will be asked again.
      void cache?.set(prefix + key, text, { ttlSeconds });
    },
  };
}

const prefix = 'explanation:';
