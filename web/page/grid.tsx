import { useMemo, useRef } from 'preact/hooks';
import type { Hit } from '../../core/model.ts';
import { Card } from './card.tsx';
import { GridEnd } from './grid-end.tsx';
import { layOutRows } from './rows.ts';
import { Skeletons } from './skeletons.tsx';
import { useRoving } from './use-roving.ts';
import { useWidth } from './use-width.ts';
import './grid.css';

interface GridProps {
  readonly hits: readonly Hit[];
  /** Names the list. */
  readonly label: string;
  readonly hrefOf: (id: string) => string;
  readonly onMoreLike?: (id: string) => void;
  /** Whether other results are on their way; skeletons show it where there are none yet. */
  readonly isBusy: boolean;
  readonly skeletons?: number;
  /** Its first row alone. */
  readonly isFolded?: boolean;
  /** Where there is more: called when the end comes into view, and by a button. */
  readonly onEnd?: (() => void) | undefined;
  readonly isBusyMore?: boolean;
  /** Where Up from the first row leads. */
  readonly leave?: () => void;
}

/** In pixels. */
const gap = 16;
const none: readonly never[] = [];

/** Pictures in rows, each in its own proportions. */
export function Grid(props: GridProps) {
  const { hits, label, hrefOf, onMoreLike, isBusy, isFolded = false, onEnd, leave } = props;
  const maxRows = isFolded ? 1 : Infinity;
  const list = useRef<HTMLUListElement>(null);
  const width = useWidth(list);
  const boxes = useMemo(
    () => (width === 0 ? none : layOutRows(hits.map(sizeOf), { width, gap })),
    [hits, width],
  );
  useRoving(list, leave);
  const best = hits.reduce((most, { score }) => Math.max(most, score), 0);
  const isWaiting = isBusy && hits.length === 0;
  const shown = hits.filter((_, index) => (boxes[index]?.row ?? 0) < maxRows);

  return (
    <>
      <ul ref={list} class="grid" aria-label={label} aria-busy={isBusy}>
        {shown.map((hit, index) => {
          const box = boxes[index];
          if (!box) return null;
          const parts = { hit, href: hrefOf(hit.id), box, best, onMoreLike };
          return <Card key={hit.id} {...parts} />;
        })}
        {isWaiting && (
          <Skeletons count={props.skeletons ?? 12} width={width} gap={gap} maxRows={maxRows} />
        )}
      </ul>
      {onEnd && hits.length > 0 && !isFolded && (
        <GridEnd list={list} count={hits.length} isBusy={props.isBusyMore ?? false} onEnd={onEnd} />
      )}
    </>
  );
}

function sizeOf({ metadata: { width, height } }: Hit) {
  return { width, height };
}
