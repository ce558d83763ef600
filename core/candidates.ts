import type { Async } from './failure.ts';
import { parseFilter } from './filter.ts';
import { type Folded, foldDuplicates } from './fold-duplicates.ts';
import type { IndexSample } from './index-sample.ts';
import type { SearchQuery, Vector } from './model.ts';
import type { Calibration, Match, VectorStore } from './ports.ts';
import type { Question } from './query-vector.ts';
import { ok } from './result.ts';
import { cutoffOf } from './score-cutoff.ts';
import { thresholdOf } from './score-threshold.ts';
import { dot } from './vector-sums.ts';

/** Bounds of the work for one request: all of it runs on the event loop that others share. */
export const most = {
  /** Matches that are compared with each other by their vectors: 5,000 pairs. */
  compared: 100,
  /** How many may be excluded before a page is short. */
  spare: 200,
  /** Matches that the store is asked for. */
  asked: 1500,
} as const;

/** A query on its way to the store. */
export interface Asked {
  readonly store: VectorStore;
  readonly query: SearchQuery;
  readonly sample: IndexSample | undefined;
  readonly calibration: Calibration | undefined;
  readonly signal: AbortSignal;
  readonly traceparent: string | undefined;
}

/** What may become a result. */
export interface Candidates {
  /** Best first; none of what was excluded or does not belong, and one of several duplicates. */
  readonly matches: readonly Folded[];
  /** Of the first; of all, where something was excluded. */
  readonly vectors: ReadonlyMap<string, Vector>;
}

/** More than are wanted, as far as some of them may fall away. Where too many did, once more. */
export async function findCandidates(asked: Asked, question: Question): Async<Candidates> {
  const first = limitOf(asked.query);
  let found = await findSome(asked, question, first);
  if (!found.ok) return found;
  const isShort = found.value.matches.length < asked.query.top_k && !found.value.isAll;
  if (isShort && first <= most.asked / 2) found = await findSome(asked, question, most.asked);
  if (!found.ok) return found;
  const { vectors } = found.value;
  return ok({ matches: leaveOutTail(found.value, question, asked), vectors });
}

/** How many of the best are put in an order of their own. */
export function diversifiedOf({ diversity, top_k }: SearchQuery): number {
  return diversity > 0 ? Math.min(5 * top_k, most.compared) : 0;
}

/** How many of the best are looked at for duplicates by their vectors. */
function foldedOf({ fold_duplicates, top_k }: SearchQuery): number {
  return fold_duplicates ? Math.min(Math.max(3 * top_k, 50), most.compared) : 0;
}

/** How many of the best are compared with each other; their vectors have to be read. */
function comparedOf(query: SearchQuery): number {
  return Math.max(foldedOf(query), diversifiedOf(query));
}

function limitOf(query: SearchQuery): number {
  const { top_k, exclude, like } = query;
  const wanted = Math.max(
    top_k + foldedOf(query),
    diversifiedOf(query),
    exclude.length > 0 ? top_k + most.spare : 0,
  );
  return Math.min(wanted + like.length, most.asked);
}

interface Some extends Candidates {
  /** The store has no more of them. */
  readonly isAll: boolean;
}

async function findSome(asked: Asked, question: Question, limit: number): Async<Some> {
  const { store, query, signal, traceparent } = asked;
  const { like, filters, score_threshold } = query;
  const found = await store.query({
    vector: question.vector,
    limit,
    filter: parseFilter(filters),
    scoreThreshold: thresholdOf(score_threshold),
    traceparent,
    signal,
  });
  if (!found.ok) return found;
  const others = found.value.filter(({ record }) => !like.includes(record.id));
  const vectors = await readVectors(asked, others);
  if (!vectors.ok) return vectors;
  const left = leaveOutExcluded(others, question, vectors.value);
  const matches = query.fold_duplicates
    ? foldDuplicates(left, vectors.value, comparedOf(query))
    : left.map((match) => ({ ...match, duplicates: [] }));
  return ok({ matches, vectors: vectors.value, isAll: found.value.length < limit });
}

async function readVectors(
  { store, query, signal }: Asked,
  matches: readonly Match[],
): Async<ReadonlyMap<string, Vector>> {
  const some = query.exclude.length > 0 ? matches : matches.slice(0, comparedOf(query));
  if (some.length === 0) return ok(new Map());
  return store.vectors(
    some.map(({ record }) => record.id),
    signal,
  );
}

/** A picture whose vector is gone was removed just now. */
function leaveOutExcluded(
  matches: readonly Match[],
  { exclusions }: Question,
  vectors: ReadonlyMap<string, Vector>,
): readonly Match[] {
  if (exclusions.length === 0) return matches;
  return matches.filter(({ record }) => {
    const vector = vectors.get(record.id);
    return vector !== undefined && !exclusions.some((isExcluded) => isExcluded(vector));
  });
}

function leaveOutTail(
  { matches, vectors }: Candidates,
  question: Question,
  { query, sample, calibration }: Asked,
): readonly Folded[] {
  const [best] = matches;
  if (!best || !sample || query.score_threshold !== 'auto') return matches;
  const asked = { vector: question.vector, best: best.score };
  const least = cutoffOf(asked, sample, question.words && calibration);
  return matches.filter((match) => {
    const words = wordsScoreOf(match, question, vectors) ?? match.score;
    return match === best || (match.score >= least.score && words >= least.words);
  });
}

/**
 * The cosine of a picture with the words alone: what is excluded moves the question, and it is another
 * then. `undefined` where pictures say what is searched for as well.
 */
export function wordsScoreOf(
  { record, score }: Match,
  { words, exclusions }: Question,
  vectors: ReadonlyMap<string, Vector>,
): number | undefined {
  const vector = exclusions.length > 0 ? vectors.get(record.id) : undefined;
  return words && (vector ? dot(words, vector) : score);
}
