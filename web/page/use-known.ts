import { useEffect, useState } from 'preact/hooks';
import type { Image } from '../../core/model.ts';
import { api } from './api.ts';
import { known } from './known.ts';

/** A picture that is known by its id alone, as in a link; undefined until it is there. */
export function useKnown(id: string | undefined): Image | undefined {
  const kept = id === undefined ? undefined : known.get(id);
  const [, setFetched] = useState<Image>();
  useEffect(() => {
    if (id === undefined || known.has(id)) return undefined;
    const controller = new AbortController();
    void (async () => {
      const answer = await api.image(id, { signal: controller.signal });
      if (!answer.ok) return;
      known.set(id, answer.value);
      setFetched(answer.value);
    })();
    return () => controller.abort();
  }, [id]);
  return kept;
}
