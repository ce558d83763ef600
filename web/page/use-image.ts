import { useEffect, useState } from 'preact/hooks';
import type { Image } from '../../core/model.ts';
import { api } from './api.ts';
import { known } from './known.ts';
import { explain, type Notice } from './problem.ts';

interface Loaded {
  /** What this is said of: it may be the picture before. */
  readonly id: string;
  readonly image?: Image;
  readonly notice?: Notice;
}

/** A picture by its id: at once where it is known, else asked for. */
export function useImage(id: string) {
  const [loaded, setLoaded] = useState<Loaded>({ id: '' });
  const [tries, setTries] = useState(0);

  useEffect(() => {
    if (known.has(id)) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    void load(id, signal).then((answer) => signal.aborted || setLoaded(answer));
    return () => controller.abort();
  }, [id, tries]);

  const now = loaded.id === id ? loaded : undefined;
  return {
    image: known.get(id) ?? now?.image,
    notice: now?.notice,
    again() {
      setLoaded({ id: '' });
      setTries(tries + 1);
    },
  };
}

async function load(id: string, signal: AbortSignal): Promise<Loaded> {
  const answer = await api.image(id, { signal });
  if (!answer.ok) return { id, notice: explain(answer) };
  known.set(id, answer.value);
  return { id, image: answer.value };
}
