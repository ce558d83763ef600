import type { Async } from '../core/failure.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { bestRecall, nearlyCheapest, rankEfforts, reaches } from './choose-effort.ts';
import { allChoices, sweepEfforts, type SweepOptions, type SweepPoint } from './effort-sweep.ts';
import { createProgress } from './progress.ts';
import type { JudgedQuery } from './search-measurement.ts';

export interface TuneOptions extends Pick<SweepOptions, 'k' | 'rowOf' | 'signal'> {
  readonly store: Pick<VectorStore, 'query'>;
  /** What is chosen by, and what it is checked with. */
  readonly halves: readonly [readonly JudgedQuery[], readonly JudgedQuery[]];
  readonly target: number;
}

export interface Tuned {
  /** Every choice on the first half. */
  readonly curve: readonly SweepPoint[];
  /** The cheapest that reaches the target on both halves. */
  readonly chosen: { readonly first: SweepPoint; readonly second: SweepPoint } | undefined;
  /** The best there is where none does. */
  readonly best: SweepPoint | undefined;
}

const roundsOfCandidates = 3;

/**
 * The cheapest effort that reaches the target on the first half of the queries. The second half, which
 * has no say in the order, must agree, or the next one is taken.
 */
export async function tuneEffort(options: TuneOptions): Async<Tuned> {
  const { halves, target } = options;
  const [first, second] = halves;
  const progress = createProgress('Trying', Math.ceil(first.length / 10));
  const onTurn = () => progress.advance(1);
  const all = { ...options, queries: first, choices: allChoices, rounds: 1, onTurn };
  const curve = await sweepEfforts(all);
  progress.stop();
  if (!curve.ok) return curve;
  const candidates = nearlyCheapest(rankEfforts(curve.value, target));
  const again = { ...options, rounds: roundsOfCandidates, choices: candidates };
  const closer = await sweepEfforts({ ...again, queries: first });
  if (!closer.ok) return closer;
  const checked = await sweepEfforts({ ...again, queries: second });
  if (!checked.ok) return checked;
  const pairs = rankEfforts(closer.value, target).flatMap((point) => {
    const check = checked.value.find(
      ({ ef, oversampling }) => ef === point.ef && oversampling === point.oversampling,
    );
    return check ? [{ first: point, second: check }] : [];
  });
  return ok({
    curve: curve.value,
    chosen: pairs.find((pair) => reaches(pair.second, target)),
    best: bestRecall(curve.value),
  });
}
