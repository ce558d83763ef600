import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { percentile } from '../core/rolling-window.ts';

/** Something to be timed again and again. */
export interface Repeated<What> {
  readonly what: What;
  run(): Async<unknown>;
}

export interface Times {
  readonly runs: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
}

const turns = 10;
const fewestRuns = 3;

/**
 * Times all of them, a tenth of the budget of each at a turn, so that a busy minute of the machine
 * meets all and their ratios hold. The first run of each does not count. Fails as a run fails.
 */
export async function takeTurns<What>(
  all: readonly Repeated<What>[],
  budgetMs: number,
  onTurn: () => void,
): Async<(What & Times)[]> {
  const times = all.map((): number[] => []);
  for (const one of all) {
    const warm = await one.run();
    if (!warm.ok) return warm;
  }
  for (let turn = 1; turn <= turns; turn += 1) {
    const last = turn === turns;
    for (const [place, one] of all.entries()) {
      const own = times[place] ?? [];
      const done = await repeat(one, own, (budgetMs * turn) / turns, last ? fewestRuns : 0);
      if (!done.ok) return done;
    }
    onTurn();
  }
  return ok(all.map(({ what }, place) => ({ ...what, ...summarize(times[place] ?? []) })));
}

async function repeat(
  { run }: Repeated<unknown>,
  times: number[],
  budgetMs: number,
  fewest: number,
): Async<void> {
  let spentMs = times.reduce((sum, ms) => sum + ms, 0);
  while (spentMs < budgetMs || times.length < fewest) {
    const begin = performance.now();
    const result = await run();
    const ms = performance.now() - begin;
    if (!result.ok) return result;
    times.push(ms);
    spentMs += ms;
  }
  return ok(undefined);
}

function summarize(times: readonly number[]): Times {
  const sorted = Float64Array.from(times).sort();
  return { runs: sorted.length, p50_ms: percentile(sorted, 50), p95_ms: percentile(sorted, 95) };
}
