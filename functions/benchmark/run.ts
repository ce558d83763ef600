import type { Clock } from '../../core/timings.ts';
import type { Ask } from './ask.ts';
import { type Measured, measurePhase, type Phase } from './measure.ts';
import type { BenchmarkReport } from './report.ts';
import { judge, summarizePhase } from './summarize.ts';

export interface BenchmarkPlan {
  readonly url: string;
  readonly environment: string;
  /** Measured in each phase. */
  readonly requests: number;
  readonly concurrency: number;
  readonly topK: number;
  readonly targetP95Ms: number;
}

/**
 * `cold`: what nobody has asked before, so that the text is encoded and the vectors are searched.
 * `warm`: what the cache of the edge knows; CloudFront keeps no answer to a `POST`.
 * `warm_get`: what CloudFront may know as well, for as long as it keeps an answer.
 */
const phases = {
  cold: { cache: 'cold', method: 'POST' },
  warm: { cache: 'warm', method: 'POST' },
  warm_get: { cache: 'warm', method: 'GET' },
} as const satisfies Record<string, Pick<Phase, 'cache' | 'method'>>;

type PhaseName = keyof typeof phases;

export interface RunParts {
  readonly ask: Ask;
  readonly now: Clock;
  /** Where the new queries begin, at random. */
  readonly start: number;
  /** Ends it: the result is what was measured until then. */
  readonly signal: AbortSignal;
}

/** What a run has seen; when, and how long it took, is for its caller to say. */
export type Seen = Omit<BenchmarkReport, 'version' | 'started_at' | 'seconds'>;

/** Measures one phase after the other, until one of them has been stopped. */
export async function runBenchmark(plan: BenchmarkPlan, parts: RunParts): Promise<Seen> {
  const measure = (name: PhaseName): Promise<Measured> =>
    measurePhase({ ...plan, ...phases[name], count: plan.requests, start: parts.start }, parts);
  const cold = await measure('cold');
  const all = new Map<PhaseName, Measured>([['cold', cold]]);
  let last = cold;
  for (const name of ['warm', 'warm_get'] as const) {
    if (last.stopped !== undefined) break;
    last = await measure(name);
    all.set(name, last);
  }
  const reports = [...all].map(
    ([name, measured]) => [name, { ...phases[name], ...summarizePhase(measured) }] as const,
  );
  const [lastName = 'cold'] = [...all.keys()].slice(-1);
  return {
    environment: plan.environment,
    url: plan.url,
    finished: last.stopped === undefined,
    stopped: last.stopped === undefined ? null : { phase: lastName, ...last.stopped },
    requests: plan.requests,
    concurrency: plan.concurrency,
    top_k: plan.topK,
    first_ms: cold.firstMs ?? null,
    phases: Object.fromEntries(reports),
    target: judge(cold, plan.targetP95Ms),
  };
}
