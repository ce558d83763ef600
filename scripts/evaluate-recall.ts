import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import { ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { type BuildTimes, fillStore } from './evaluation-build.ts';
import { computeTruth, type Sampled, sampleRows, type Truth } from './evaluation-truth.ts';
import type { Neighbours } from './exact-neighbours.ts';
import type { NpyFile } from './npy-reader.ts';
import { createProgress } from './progress.ts';
import { createTallies, type RecallRow } from './evaluation-tallies.ts';
import type { ThrowAwayStore } from './throw-away-store.ts';

export interface RecallEvaluation {
  readonly vectors: NpyFile;
  readonly texts: readonly Vector[];
  /** The nearest of all rows, where somebody knows them. */
  readonly nearest?: readonly Neighbours[] | undefined;
  readonly ks: readonly number[];
  readonly filterShares: readonly number[];
  readonly imageQueries: number;
  readonly seed: number;
  /** How texts are parted into those that a space is made of and those that are asked in it. */
  readonly parts: readonly EvaluationPart[];
  /** `undefined` where there is to be no search space. */
  readonly makeSpace?: MakeSpace | undefined;
  open(space: SearchSpace | null): Async<ThrowAwayStore>;
  readonly signal: AbortSignal;
}

/** Never a text in both. */
export interface EvaluationPart {
  readonly fit: readonly Vector[];
  /** Places of the texts that are asked. */
  readonly ask: readonly number[];
}

type MakeSpace = (images: readonly Vector[], texts: readonly Vector[]) => Async<SearchSpace>;

export interface RecallReport {
  readonly rows: readonly RecallRow[];
  readonly builds: readonly BuildTimes[];
}

/** Builds an index for each part, asks it, and compares the answers with the truth. */
export async function evaluateRecall(evaluation: RecallEvaluation): Async<RecallReport> {
  const { vectors, filterShares: shares, seed, imageQueries } = evaluation;
  const sampled = await sampleRows(vectors, { shares, seed, imageQueries });
  if (!sampled.ok) return sampled;
  const truth = await findTruth(evaluation, sampled.value);
  if (!truth.ok) return truth;
  const tallies = createTallies(evaluation, sampled.value, truth.value);
  const builds: BuildTimes[] = [];
  for (const [place, part] of evaluation.parts.entries()) {
    const withImages = place === 0;
    const build = await evaluatePart(evaluation, sampled.value, part, (store) =>
      tallies.measure(store, part, withImages),
    );
    if (!build.ok) return build;
    builds.push(build.value);
  }
  return ok({ rows: tallies.rows(), builds });
}

async function evaluatePart(
  evaluation: RecallEvaluation,
  sampled: Sampled,
  part: EvaluationPart,
  measure: (store: ThrowAwayStore['store']) => Async<void>,
): Async<BuildTimes> {
  const { makeSpace, open, vectors, signal } = evaluation;
  const space = makeSpace ? await makeSpace(sampled.sample, part.fit) : ok(null);
  if (!space.ok) return space;
  const opened = await open(space.value);
  if (!opened.ok) return opened;
  const { store, remove } = opened.value;
  try {
    const build = await fillStore(store, vectors, { groups: sampled.groups, signal });
    if (!build.ok) return build;
    const measured = await measure(store);
    return measured.ok ? build : measured;
  } finally {
    await remove();
  }
}

async function findTruth(evaluation: RecallEvaluation, sampled: Sampled): Async<Truth> {
  const { vectors, texts, nearest, ks, filterShares, imageQueries, signal } = evaluation;
  const nothing = { rows: new Int32Array(0), scores: new Float64Array(0) };
  if (nearest && filterShares.length === 0 && imageQueries === 0) {
    return ok({ text: (query) => nearest[query] ?? nothing, image: () => nothing });
  }
  const progress = createProgress('Comparing', vectors.rows);
  const k = Math.max(...ks);
  const truth = await computeTruth(vectors, texts, sampled, {
    k,
    onRows: progress.advance,
    signal,
  });
  progress.stop();
  if (!truth.ok || !nearest) return truth;
  const { text, image } = truth.value;
  return ok({
    text: (query, group) => (group === 0 && nearest[query]) || text(query, group),
    image,
  });
}
