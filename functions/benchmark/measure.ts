import type { CacheState } from '../../core/ports.ts';
import type { Clock } from '../../core/timings.ts';
import type { Answered, Ask, Question, Refused } from './ask.ts';
import { benchmarkQueries, freshQuery, knownQuery } from './queries.ts';

/** What is asked, in one state of the caches. */
export interface Phase {
  /** `cold`: what nobody has asked before. `warm`: what was asked twice right before. */
  readonly cache: 'cold' | 'warm';
  readonly method: Question['method'];
  readonly topK: number;
  /** How many requests are measured. */
  readonly count: number;
  /** How many ask at once, each again when it is answered. */
  readonly concurrency: number;
  /** Where the new queries begin, at random: an earlier run must not have asked the same. */
  readonly start: number;
  /** How many different queries a warm phase repeats (the fixed ones); more of them get letters. */
  readonly queries?: number | undefined;
  /** How many other queries a cold phase asks before it measures (5). */
  readonly warmUps?: number;
}

/** Milliseconds by stage: those of the server, and `client`, as the caller saw it. */
export type Sample = Readonly<Record<string, number>>;

export interface Measured {
  readonly samples: Sample[];
  /** How many answers said what of the server's cache; `none` said nothing. */
  readonly cache: Map<CacheState | 'none', number>;
  /** The same of CloudFront's. */
  readonly cdn: Map<string, number>;
  /** How many requests failed, by code. */
  readonly failures: Map<string, number>;
  /** Of the very first request, which makes the connection and wakes who sleeps; it is not measured. */
  firstMs: number | undefined;
  /** How long all that was measured took. */
  seconds: number;
  /** Why it ended before its end. */
  stopped: Stop | undefined;
}

export interface Stop {
  /** `time_over`, or of what made it pointless to go on. */
  readonly code: string;
  readonly detail: string;
}

export interface MeasureParts {
  readonly ask: Ask;
  readonly now: Clock;
  /** Ends it: the result is what was measured until then. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each measured request. */
  readonly onAsked?: () => void;
}

/** So many in a row say that there will be no answer. */
const maxFailuresInARow = 20;

/**
 * Asks one query after the other, or several at once. What fails is counted and not measured: to refuse
 * is quicker than to answer.
 */
export async function measurePhase(phase: Phase, parts: MeasureParts): Promise<Measured> {
  const { ask, now, signal, onAsked } = parts;
  const measured = startMeasured();
  await warmUp(phase, parts, measured);
  const queryAt = measuredQueries(phase);
  const begin = now();
  let [asked, failuresInARow] = [0, 0];
  async function askOn(): Promise<void> {
    while (asked < phase.count && measured.stopped === undefined) {
      const question = { query: queryAt(asked), topK: phase.topK, method: phase.method };
      asked += 1;
      const answer = await ask(question, signal);
      if (signal?.aborted) measured.stopped ??= timeOver;
      // What was cut off was neither answered nor refused.
      if (!answer.ok && answer.error.code === 'cancelled') return;
      failuresInARow = answer.ok ? 0 : failuresInARow + 1;
      if (answer.ok) add(measured, answer.value);
      else increment(measured.failures, answer.error.code);
      if (!answer.ok && failuresInARow >= maxFailuresInARow) measured.stopped ??= answer.error;
      onAsked?.();
    }
  }
  await Promise.all(Array.from({ length: phase.concurrency }, askOn));
  measured.seconds = (now() - begin) / 1000;
  return measured;
}

const timeOver: Stop = { code: 'time_over', detail: 'there was no time for the rest' };

function startMeasured(): Measured {
  return {
    samples: [],
    cache: new Map(),
    cdn: new Map(),
    failures: new Map(),
    firstMs: undefined,
    seconds: 0,
    stopped: undefined,
  };
}

/** Other queries than those measured, or where these are to be known, each of them twice. */
async function warmUp(phase: Phase, parts: MeasureParts, measured: Measured): Promise<void> {
  const { cache, queries = benchmarkQueries.length, topK, method, warmUps = 5 } = phase;
  const queryAt = measuredQueries(phase);
  const count = cache === 'warm' ? queries * 2 : warmUps;
  for (let place = 0; place < count; place += 1) {
    const query = cache === 'warm' ? queryAt(place) : freshQuery(phase.start + place);
    const answer = await parts.ask({ query, topK, method }, parts.signal);
    if (place === 0 && answer.ok) measured.firstMs = answer.value.clientMs;
    if (parts.signal?.aborted) measured.stopped = timeOver;
    // Nobody there, or nobody for us: that will be so every time.
    else if (place === 0 && !answer.ok && isHopeless(answer.error)) {
      increment(measured.failures, answer.error.code);
      measured.stopped = answer.error;
    }
    if (measured.stopped !== undefined) return;
  }
}

function measuredQueries(phase: Phase): (place: number) => string {
  const { cache, start, warmUps = 5, queries = benchmarkQueries.length } = phase;
  if (cache === 'cold') return (place) => freshQuery(start + warmUps + place);
  if (queries <= benchmarkQueries.length) return (place) => knownQuery(place % queries);
  return (place) => freshQuery(start + (place % queries));
}

function isHopeless({ code }: Refused): boolean {
  const hopeless = ['unreachable', 'unexpected', 'unauthenticated', 'forbidden'];
  return hopeless.includes(code) || /^http_[34]/.test(code);
}

function add({ samples, cache, cdn }: Measured, answered: Answered): void {
  const { clientMs, stages } = answered;
  if (answered.cache !== undefined) increment(cache, answered.cache);
  if (answered.cdn !== undefined) increment(cdn, answered.cdn);
  samples.push({ ...withDerived(stages), client: clientMs });
}

function withDerived(stages: Sample): Sample {
  const { total, encode = 0, search = 0, service } = stages;
  if (total === undefined) return {};
  // What an edge adds to the service behind it.
  const edge: Sample = service === undefined ? {} : { edge: total - service };
  return { encode, search, ...stages, ...edge, overhead: total - encode - search };
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
