import type { Stage } from '../core/ports.ts';
import { createRollingWindow, type Summary } from '../core/rolling-window.ts';
import type { Clock } from '../core/timings.ts';

export const stages = [
  'cache',
  'remote',
  'embedding',
  'search',
  'rerank',
  'explanation',
  'total',
] as const satisfies readonly Stage[];

/** What `/stats` shows, wherever the rest of the metrics goes. */
export interface StageWindows {
  add(stage: Stage, milliseconds: number): void;
  uptimeSeconds(): number;
  /** Exact percentiles of the last 10,000 durations of each stage. */
  summaries(): Readonly<Record<Stage, Summary>>;
}

export function createStageWindows(now: Clock): StageWindows {
  const start = now();
  const windows = perStage(() => createRollingWindow());
  return {
    add: (stage, milliseconds) => windows[stage].add(milliseconds),
    uptimeSeconds: () => Math.round((now() - start) / 100) / 10,
    summaries: () => perStage((stage) => windows[stage].summary()),
  };
}

function perStage<T>(make: (stage: Stage) => T): Readonly<Record<Stage, T>> {
  return {
    cache: make('cache'),
    remote: make('remote'),
    embedding: make('embedding'),
    search: make('search'),
    rerank: make('rerank'),
    explanation: make('explanation'),
    total: make('total'),
  };
}
