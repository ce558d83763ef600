import type { FailureCode } from '../../core/failure.ts';
import type { Outcome } from '../../core/indexer.ts';

export interface Counts extends Readonly<Record<Outcome['outcome'], number>> {
  /** All of these but what was removed. */
  readonly done: number;
  /** Why they failed. */
  readonly reasons: Readonly<Partial<Record<FailureCode, number>>>;
}

/** Counts what became of pictures. */
export interface Tally {
  add(outcomes: readonly Outcome[]): void;
  counts(): Counts;
}

export function createTally(): Tally {
  const counts = { indexed: 0, skipped: 0, failed: 0, removed: 0 };
  const reasons: Partial<Record<FailureCode, number>> = {};
  return {
    add(outcomes) {
      for (const { outcome, code } of outcomes) {
        counts[outcome] += 1;
        if (code !== undefined) reasons[code] = (reasons[code] ?? 0) + 1;
      }
    },
    counts: () => ({
      ...counts,
      done: counts.indexed + counts.skipped + counts.failed,
      reasons: { ...reasons },
    }),
  };
}
