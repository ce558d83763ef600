/** The shape of a set of durations. Zeros while there is none. */
export interface Summary {
  readonly count: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly mean_ms: number;
}

/** The last `capacity` durations, and exact percentiles of them. */
export interface RollingWindow {
  add(milliseconds: number): void;
  summary(): Summary;
}

export function createRollingWindow(capacity = 10_000): RollingWindow {
  const values = new Float64Array(capacity);
  let added = 0;
  return {
    add(milliseconds) {
      values[added % capacity] = milliseconds;
      added += 1;
    },
    summary() {
      // A typed array sorts by number, and the copy keeps the order of arrival.
      return summarize(values.slice(0, Math.min(added, capacity)).sort());
    },
  };
}

/** @param sorted durations in milliseconds, ascending. */
export function summarize(sorted: Float64Array): Summary {
  const mean = sorted.length === 0 ? 0 : sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return {
    count: sorted.length,
    p50_ms: round(percentile(sorted, 50)),
    p95_ms: round(percentile(sorted, 95)),
    p99_ms: round(percentile(sorted, 99)),
    mean_ms: round(mean),
  };
}

/** Nearest rank: the smallest value that at least `share` percent are at or below. */
export function percentile(sorted: Float64Array, share: number): number {
  const rank = Math.ceil((share / 100) * sorted.length);
  return sorted[Math.max(rank, 1) - 1] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
