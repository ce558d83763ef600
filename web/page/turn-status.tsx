import type { Turn, TurnView } from './types.ts';
import { countPictures, duration } from './words.ts';

/** How many there are, how long it took and whether it was known already. */
export function TurnStatus({ turn }: { readonly turn: Turn }) {
  const view = turn.view.value;
  const remark = view.status === 'shown' ? view.found?.remark : undefined;
  return (
    <div class="turn-status">
      <p role="status">{statusText(view)}</p>
      {view.found?.isTruncated && (
        <p class="truncated">
          Your query is longer than the model can read, so its end was left out. Try fewer words.
        </p>
      )}
      {remark !== undefined && <p>{remark}</p>}
      {turn.search.value.ignored.map(({ text, reason }) => (
        <p key={text}>{reason}</p>
      ))}
    </div>
  );
}

function statusText({ status, found }: TurnView): string {
  if (status === 'searching') return 'Searching…';
  if (status !== 'shown' || !found) return '';
  const { hits, latencyMs, cached } = found;
  const parts = [`${countPictures(hits.length)} in ${duration(latencyMs)}`];
  return [...parts, ...(cached ? ['cached'] : [])].join(' · ');
}
