/** Second attempts, rationed: whoever is slow because it is busy must not get double the load. */
export interface RetryBudget {
  /** To be called for every request: it earns its share of a second attempt. */
  earn(): void;
  /** Takes one second attempt, where there is one left. */
  take(): boolean;
}

export interface RetryBudgetOptions {
  /** Second attempts per request in the long run. */
  readonly share?: number;
  /** How many may have been saved up; as many are there at the start. */
  readonly burst?: number;
}

export function createRetryBudget({
  share = 0.1,
  burst = 10,
}: RetryBudgetOptions = {}): RetryBudget {
  // In whole shares, as sums of a tenth never quite make one.
  const costs = Math.round(1 / share);
  const full = burst * costs;
  let saved = full;
  return {
    earn() {
      saved = Math.min(full, saved + 1);
    },
    take() {
      if (saved < costs) return false;
      saved -= costs;
      return true;
    },
  };
}
