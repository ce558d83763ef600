import type { ParsedSearch } from '../query-syntax.ts';
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
      {reasonsOf(turn.search.value).map((reason) => (
        <p key={reason}>{reason}</p>
      ))}
    </div>
  );
}

/** Why parts of it are not searched for; each reason once, however many parts it holds for. */
function reasonsOf({ ignored }: ParsedSearch): readonly string[] {
  return [...new Set(ignored.map(({ reason }) => reason))];
}

function statusText({ status, found }: TurnView): string {
  if (status === 'searching') return 'Searching…';
  if (status !== 'shown' || !found) return '';
  const { hits, latencyMs, cached } = found;
  const parts = [`${countPictures(hits.length)} in ${duration(latencyMs)}`];
  return [...parts, ...(cached ? ['cached'] : [])].join(' · ');
}
