import { useRef } from 'preact/hooks';
import type { Hit } from '../../core/model.ts';
import { Card } from './card.tsx';
import { useRoving } from './use-roving.ts';
import './strip.css';

interface StripProps {
  readonly hits: readonly Hit[];
  /** The id of its heading. */
  readonly labelledBy: string;
  readonly hrefOf: (id: string) => string;
}

/** In pixels. */
const height = 136;
const [narrowest, widest] = [112, 240];

/** Pictures in one row that scrolls sideways. */
export function Strip({ hits, labelledBy, hrefOf }: StripProps) {
  const list = useRef<HTMLUListElement>(null);
  useRoving(list);
  const best = hits.reduce((most, { score }) => Math.max(most, score), 0);
  return (
    <ul ref={list} class="strip" aria-labelledby={labelledBy}>
      {hits.map((hit) => (
        <Card key={hit.id} hit={hit} href={hrefOf(hit.id)} box={boxOf(hit)} best={best} />
      ))}
    </ul>
  );
}

function boxOf({ metadata }: Hit) {
  const isKnown = metadata.width > 0 && metadata.height > 0;
  const width = isKnown ? (height * metadata.width) / metadata.height : height;
  return { width: Math.min(widest, Math.max(narrowest, Math.round(width))), height };
}
