import type { Async } from '../core/failure.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import {
  askOnce,
  type JudgedQuery,
  type Measured,
  summarizeTally,
  type Tally,
} from './search-measurement.ts';

export interface EffortChoice {
  readonly ef: number;
  readonly oversampling: number;
}

export interface SweepPoint extends EffortChoice {
  readonly text: Measured;
  readonly image: Measured;
}

export interface SweepOptions {
  readonly store: Pick<VectorStore, 'query'>;
  readonly queries: readonly JudgedQuery[];
  readonly choices: readonly EffortChoice[];
  readonly k: number;
  /** How often each choice is measured, in turns with all others. */
  readonly rounds: number;
  readonly rowOf: (id: string) => number;
  readonly onTurn?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const efs = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096] as const;
export const oversamplings = [1, 2, 4, 8] as const;

/** Everything that `npm run tune` tries. */
export const allChoices: readonly EffortChoice[] = efs.flatMap((ef) =>
  oversamplings.map((oversampling) => ({ ef, oversampling })),
);

/**
 * Recall and time of every choice. They take turns with a few queries each, so that a busy moment of
 * the machine meets all of them.
 */
export async function sweepEfforts(options: SweepOptions): Async<SweepPoint[]> {
  const { choices, queries, rounds } = options;
  const tallies = choices.map((choice) => ({ choice, text: emptyTally(), image: emptyTally() }));
  for (let round = 0; round < rounds; round += 1) {
    for (let start = 0; start < queries.length; start += queriesPerTurn) {
      const some = queries.slice(start, start + queriesPerTurn);
      for (const tally of tallies) {
        const done = await takeTurn(options, some, tally);
        if (!done.ok) return done;
      }
      options.onTurn?.();
    }
  }
  return ok(
    tallies.map(({ choice, text, image }) => ({
      ...choice,
      text: summarizeTally(text),
      image: summarizeTally(image),
    })),
  );
}

const queriesPerTurn = 10;

interface ChoiceTally {
  readonly choice: EffortChoice;
  readonly text: Tally;
  readonly image: Tally;
}

async function takeTurn(
  { store, k, rowOf, signal }: SweepOptions,
  queries: readonly JudgedQuery[],
  tally: ChoiceTally,
): Async<void> {
  for (const query of queries) {
    const ef = tally.choice.ef;
    const effort = { exact: false, ef, oversampling: tally.choice.oversampling };
    const asked = await askOnce(store, query, { k, effort, rowOf, signal }, tally[query.from]);
    if (!asked.ok) return asked;
  }
  return ok(undefined);
}

function emptyTally(): Tally {
  return { recalls: [], milliseconds: [] };
}
