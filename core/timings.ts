import type { Span, SpanKind } from './tracing.ts';

/** Milliseconds since some fixed moment; never goes back. */
export type Clock = () => number;

/** How long the parts of one request took: what `Server-Timing` shows. */
export interface Timings {
  /**
   * Runs `work` and adds its duration to the stage, also when it throws. Where the request is traced
   * the stage is a span of its own, which `work` may send along.
   */
  measure<T>(
    stage: string,
    work: (span: Span | undefined) => Promise<T>,
    kind?: SpanKind,
  ): Promise<T>;
  /** Adds what another process says a stage took there. */
  add(stage: string, milliseconds: number): void;
  /** Milliseconds spent in a stage so far; 0 for one that never ran. */
  spent(stage: string): number;
  /** Milliseconds since the request began. */
  elapsed(): number;
  /** Stage and milliseconds, in the order in which they first ended. */
  entries(): readonly (readonly [stage: string, milliseconds: number])[];
}

export function createTimings(now: Clock, parent?: Span): Timings {
  const start = now();
  const stages = new Map<string, number>();
  const add = (stage: string, milliseconds: number): void => {
    stages.set(stage, (stages.get(stage) ?? 0) + milliseconds);
  };
  return {
    async measure(stage, work, kind) {
      const begin = now();
      const span = parent?.child(stage, kind);
      try {
        return await work(span);
      } finally {
        add(stage, now() - begin);
        span?.end();
      }
    },
    add,
    spent: (stage) => stages.get(stage) ?? 0,
    elapsed: () => now() - start,
    entries: () => [...stages],
  };
}
