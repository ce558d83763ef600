import type { Hit } from './model.ts';

/** What a vision model says of pictures. */
export interface Look {
  /** Ids of the pictures that it was shown. */
  readonly shown: readonly string[];
  /** Ids of the best of them, best first. */
  readonly best: readonly string[];
}

/** How many pictures a model is asked to name. */
export const mostBest = 4;

/** What can be used of an answer: pictures that were shown, each once, and no more than asked for. */
export function usableBest(ids: readonly string[], shown: readonly string[]): string[] {
  const known = new Set(shown);
  return [...new Set(ids)].filter((id) => known.has(id)).slice(0, mostBest);
}

/**
 * The best first, then the others as they were. What was not shown keeps its place: nobody has judged
 * it. The same results, whatever the look says.
 */
export function byLook(results: readonly Hit[], look: Look): Hit[] {
  const best = usableBest(look.best, look.shown);
  if (best.length === 0) return [...results];
  const shown = new Set(look.shown);
  const first = new Set(best);
  const judged = results.filter(({ id }) => shown.has(id));
  const chosen = best.flatMap((id) => judged.filter((hit) => hit.id === id));
  const next = [...chosen, ...judged.filter(({ id }) => !first.has(id))].values();
  return results.map((hit) => (shown.has(hit.id) ? (next.next().value ?? hit) : hit));
}
