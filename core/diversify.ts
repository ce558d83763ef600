import type { Vector } from './model.ts';
import type { Match } from './ports.ts';
import { dot } from './vector-sums.ts';

/**
 * Maximal marginal relevance: each next one is the best of what is left, less for what is like one
 * that was taken before. The best stays first. Those without a known vector follow, by score.
 *
 * Relevance and likeness are both relative to the candidates: the cosines of texts and pictures lie
 * close together, and those of pictures far from 0, each model in its own way.
 *
 * @param matches Best first. The work grows with the square of how many have vectors.
 * @param diversity 0: the order stays; 1: relevance counts for nothing.
 */
export function diversify<M extends Match>(
  matches: readonly M[],
  vectors: ReadonlyMap<string, Vector>,
  diversity: number,
): M[] {
  const candidates = toCandidates(matches, vectors);
  const [first] = candidates;
  if (!first || diversity === 0) return [...matches];
  const likeness = createLikeness(candidates, first);
  const left = new Set(candidates);
  const taken: M[] = [];
  for (let last: Candidate<M> | undefined = first; last; last = bestOf(left, diversity)) {
    left.delete(last);
    taken.push(last.match);
    for (const one of left) one.nearest = Math.max(one.nearest, likeness(one, last));
  }
  const followers = matches.filter(({ record }) => !vectors.has(record.id));
  return [...taken, ...followers];
}

interface Candidate<M> {
  readonly match: M;
  readonly vector: Vector;
  /** 1 the best candidate, 0 the last. */
  readonly relevance: number;
  /** The highest likeness to one that was taken. */
  nearest: number;
}

/** 1 for the same picture, 0 for one as unlike as any candidate is unlike the best. */
function createLikeness<M>(candidates: readonly Candidate<M>[], best: Candidate<M>) {
  let lowest = 1;
  for (const { vector } of candidates) lowest = Math.min(lowest, dot(vector, best.vector));
  const range = Math.max(1 - lowest, 1e-6);
  return (a: Candidate<M>, b: Candidate<M>) => (dot(a.vector, b.vector) - lowest) / range;
}

function toCandidates<M extends Match>(
  matches: readonly M[],
  vectors: ReadonlyMap<string, Vector>,
): Candidate<M>[] {
  const known = matches.flatMap((match) => {
    const vector = vectors.get(match.record.id);
    return vector ? [{ match, vector }] : [];
  });
  const best = known[0]?.match.score ?? 0;
  const range = best - (known.at(-1)?.match.score ?? 0);
  return known.map(({ match, vector }) => {
    const relevance = range > 0 ? 1 - (best - match.score) / range : 1;
    return { match, vector, relevance, nearest: Number.NEGATIVE_INFINITY };
  });
}

function bestOf<M>(left: Iterable<Candidate<M>>, diversity: number): Candidate<M> | undefined {
  let best: Candidate<M> | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const one of left) {
    const worth = (1 - diversity) * one.relevance - diversity * one.nearest;
    if (worth > highest) [best, highest] = [one, worth];
  }
  return best;
}
