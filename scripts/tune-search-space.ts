import { computeSearchSpace } from '../core/compute-search-space.ts';
import { type Async, failure } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import { createVectorSource } from '../core/point-sources.ts';
import type { CollectionInfo, ModelInfo, Successor, VectorStore } from '../core/ports.ts';
import { reindex, type ReindexStep } from '../core/reindex.ts';
import { err, ok } from '../core/result.ts';
import { sweepEfforts, type SweepPoint } from './effort-sweep.ts';
import { createProgress } from './progress.ts';
import type { JudgedQuery } from './search-measurement.ts';

export interface SpaceTuning {
  readonly store: VectorStore;
  readonly info: CollectionInfo;
  readonly model: Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;
  /** Some of the index, and texts: what the new space is made of. */
  readonly images: readonly Vector[];
  readonly texts: readonly Vector[];
  /** What both are asked: none of the texts above. */
  readonly queries: readonly JudgedQuery[];
  readonly k: number;
  readonly rowOf: (id: string) => number;
  /** Measure, but leave everything as it is. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface SpaceTuned {
  readonly ef: number;
  readonly before: SweepPoint;
  readonly after: SweepPoint;
  readonly won: boolean;
}

/** Less is noise, and not worth a new graph. */
const leastGain = 0.001;

/**
 * Builds the collection anew in a space made of its own vectors, asks both, and keeps the new one where
 * it finds more of what texts look for at the same ef. Searches go on meanwhile.
 */
export async function tuneSearchSpace(tuning: SpaceTuning): Async<SpaceTuned> {
  const { store, info, model, images, texts, signal } = tuning;
  const searchSpace = computeSearchSpace({ images, texts });
  if (!searchSpace.ok) {
    return err(failure('invalid_field', `Cannot make a search space as ${searchSpace.error}`));
  }
  const before = await measure(tuning, store);
  if (!before.ok) return before;
  const begun = await store.succeed({ model, searchSpace: searchSpace.value });
  if (!begun.ok) return begun;
  const { successor, verdict } = withTrial(begun.value, tuning, before.value);
  const progress = createProgress('Copying', info.vectorsCount);
  const built = await reindex({
    from: store,
    successor,
    source: createVectorSource(),
    onProgress: progress.advance,
    onStep: tellStep,
    signal,
  });
  progress.stop();
  return built.ok ? ok(verdict()) : built;
}

function tellStep(step: ReindexStep): void {
  if (step === 'optimizing') process.stderr.write('Building the graph …\n');
}

/** Publishes only what has won, and discards what has not. */
function withTrial(successor: Successor, tuning: SpaceTuning, before: SweepPoint) {
  let tuned: SpaceTuned | undefined;
  const tried: Successor = {
    ...successor,
    async publish() {
      const after = await measure(tuning, successor.store);
      if (!after.ok) return after;
      const won = after.value.text.recall >= before.text.recall + leastGain;
      tuned = { ef: tuning.info.effort.ef, before, after: after.value, won };
      if (won && !tuning.dryRun) return successor.publish();
      const discarded = await successor.discard();
      return discarded.ok ? ok(undefined) : discarded;
    },
  };
  return {
    successor: tried,
    verdict(): SpaceTuned {
      if (tuned) return tuned;
      throw new Error('Cannot tell which search space is better as nothing was measured');
    },
  };
}

async function measure(
  { info, queries, k, rowOf, signal }: SpaceTuning,
  store: Pick<VectorStore, 'query'>,
): Async<SweepPoint> {
  const choices = [{ ef: info.effort.ef, oversampling: info.effort.oversampling }];
  const swept = await sweepEfforts({
    store,
    queries,
    choices,
    k,
    rounds: 1,
    rowOf,
    signal,
  });
  if (!swept.ok) return swept;
  const [point] = swept.value;
  return point
    ? ok(point)
    : err(failure('invalid_field', 'Cannot compare search spaces as there are no queries'));
}
