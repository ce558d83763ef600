import { useEffect, useRef, useState } from 'preact/hooks';
import type { Hit, Image } from '../../core/model.ts';
import { api } from './api.ts';
import { known } from './known.ts';
import { Strip } from './strip.tsx';
import { wantsDuplicates } from './wants-duplicates.ts';

interface DuplicatesStripProps {
  readonly ids: readonly string[] | undefined;
  readonly hrefOf: (id: string) => string;
}

/** So many are shown; each of them may have to be asked for. */
const mostShown = 12;
const none: readonly string[] = [];

/** The pictures that were folded under one, as nearly the same. Give it the id as key. */
export function DuplicatesStrip({ ids = none, hrefOf }: DuplicatesStripProps) {
  const section = useRef<HTMLElement>(null);
  const [images, setImages] = useState<readonly Image[]>([]);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    void loadAll(ids.slice(0, mostShown), signal).then(
      (loaded) => signal.aborted || setImages(loaded),
    );
    return () => controller.abort();
  }, [ids]);

  useEffect(() => {
    if (images.length > 0 && wantsDuplicates.peek()) section.current?.scrollIntoView();
    if (images.length > 0) wantsDuplicates.value = false;
  }, [images]);

  if (ids.length === 0) return null;
  return (
    <section ref={section} class="similar alike-ones" aria-labelledby="alike-name">
      <h3 id="alike-name">Nearly the same ({ids.length})</h3>
      <Strip hits={images.map(toHit)} labelledBy="alike-name" hrefOf={hrefOf} />
    </section>
  );
}

async function loadAll(ids: readonly string[], signal: AbortSignal): Promise<Image[]> {
  const loaded = await Promise.all(ids.map((id) => load(id, signal)));
  return loaded.filter((image) => image !== undefined);
}

async function load(id: string, signal: AbortSignal): Promise<Image | undefined> {
  const kept = known.get(id);
  if (kept) return kept;
  const answer = await api.image(id, { signal });
  if (!answer.ok) return undefined;
  known.set(id, answer.value);
  return answer.value;
}

function toHit(image: Image): Hit {
  return { ...image, score: 0, confidence: null, duplicates: [] };
}
