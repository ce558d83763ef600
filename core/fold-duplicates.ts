import type { Vector } from './model.ts';
import type { Match } from './ports.ts';

/** Found by measuring; see docs/decisions. */
export const folding = {
  /** From this cosine on two pictures are nearly the same. */
  cosine: 0.98,
};

/** A match, and the pictures that it stands for. */
export interface Folded extends Match {
  /** Ids, best first. */
  readonly duplicates: readonly string[];
}

/**
 * One match in place of several of nearly the same picture: the best of them. Files of one content
 * are the same picture, and so are two whose vectors are very near, where both are known.
 *
 * @param matches Best first.
 * @param compared How many of the best are compared by their vectors.
 */
export function foldDuplicates(
  matches: readonly Match[],
  vectors: ReadonlyMap<string, Vector>,
  compared: number = matches.length,
): Folded[] {
  const folded: (Match & { readonly duplicates: string[] })[] = [];
  const byContent = new Map<string, (typeof folded)[number]>();
  const known: { readonly vector: Vector; readonly match: (typeof folded)[number] }[] = [];
  for (const [place, match] of matches.entries()) {
    const { id, origin } = match.record;
    const vector = place < compared ? vectors.get(id) : undefined;
    const same =
      (origin.content === undefined ? undefined : byContent.get(origin.content)) ??
      (vector && known.find((one) => isNearlySame(one.vector, vector))?.match);
    if (same) {
      same.duplicates.push(id);
      if (origin.content !== undefined) byContent.set(origin.content, same);
      continue;
    }
    const first = { ...match, duplicates: [] };
    folded.push(first);
    if (vector) known.push({ vector, match: first });
    if (origin.content !== undefined) byContent.set(origin.content, first);
  }
  return folded;
}

/** The squared distance of unit vectors of that cosine. */
const farthest = 2 - 2 * folding.cosine;

/** Most pairs are told apart by their first values: a distance only grows. */
function isNearlySame(a: Vector, b: Vector): boolean {
  let distance = 0;
  for (let place = 0; place < a.length; place++) {
    const apart = (a[place] ?? 0) - (b[place] ?? 0);
    distance += apart * apart;
    if (distance > farthest) return false;
  }
  return true;
}
