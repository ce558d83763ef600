/** Milliseconds since some fixed moment; never goes back. */
export type Clock = () => number;

/** How long the parts of one request took: what `Server-Timing` shows. */
export interface Timings {
  /** Runs `work` and adds its duration to the stage, also when it throws. */
  measure<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /** Milliseconds spent in a stage so far; 0 for one that never ran. */
  spent(stage: string): number;
  /** Milliseconds since the request began. */
  elapsed(): number;
  /** Stage and milliseconds, in the order in which they first ended. */
  entries(): readonly (readonly [stage: string, milliseconds: number])[];
}

export function createTimings(now: Clock): Timings {
  const start = now();
  const stages = new Map<string, number>();
  return {
    async measure(stage, work) {
      const begin = now();
      try {
        return await work();
      } finally {
        stages.set(stage, (stages.get(stage) ?? 0) + now() - begin);
      }
    },
    spent: (stage) => stages.get(stage) ?? 0,
    elapsed: () => now() - start,
    entries: () => [...stages],
  };
}
