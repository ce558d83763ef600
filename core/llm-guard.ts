import { createCircuitBreaker, type Passage } from './circuit-breaker.ts';
import { abortFailure, type Async, failure, type Failure } from './failure.ts';
import { answered, type PriceOf, recalled, unanswered } from './llm-outcome.ts';
import { createLlmReport } from './llm-report.ts';
import type { LlmTask, LlmUsage, Quota } from './llm.ts';
import type { LlmOutcome } from './model.ts';
import type { Logger, Metrics } from './ports.ts';
import { err, ok, type Result } from './result.ts';
import type { Clock } from './timings.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Stands between a search and a language model, so that nothing of the model's can harm the search. */
export interface LlmGuard {
  /**
   * Never throws, never fails, and never takes longer than the guard's deadline, nor than the signal:
   * there is a value where the model has answered. The work's signal ends with either of the two.
   */
  ask<T extends LlmAnswer>(work: LlmWork<T>, signal: AbortSignal): Promise<LlmReply<T>>;
  /**
   * The same for a question that is put together first: that is within the deadline, and takes nothing
   * of the quota. `prepare` gives the question, or else the answer where nobody need be asked.
   */
  askPrepared<T extends LlmAnswer>(prepare: Prepare<T>, signal: AbortSignal): Promise<LlmReply<T>>;
  /** The outcome of what was asked before, and counts it. */
  recall(): LlmOutcome;
}

export type LlmWork<T> = (signal: AbortSignal) => Async<T>;
export type Prepare<T> = (
  signal: AbortSignal,
) => Async<{ readonly answer: T } | { readonly work: LlmWork<T> }>;

/** What the work gives. */
export interface LlmAnswer {
  readonly usage: LlmUsage;
  /** What is counted in place of `ok`: what was paid for and is of no use, or was not asked after all. */
  readonly outcome?: 'unusable' | 'nothing_found';
}

export interface LlmReply<T> {
  readonly outcome: LlmOutcome;
  readonly value?: T;
}

export interface LlmGuardOptions {
  readonly task: LlmTask;
  readonly quota: Quota;
  /** Of one question: retries and all of the answer included. */
  readonly timeoutMs: number;
  readonly priceOf: PriceOf;
  readonly metrics: Pick<Metrics, 'countLlm' | 'trackLlmQuota'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly now: Clock;
  /** Questions under way at the same time; what comes beyond is not asked. */
  readonly maxCalls?: number;
  /** While the model does not answer, one question is let through in this time. */
  readonly probeEveryMs?: number;
}

/**
 * In this order: a bound on the questions under way, a circuit breaker, the quota, the deadline. What
 * is not asked for one of the first three counts as `unavailable` or `quota_exhausted`, at once.
 */
export function createLlmGuard(options: LlmGuardOptions): LlmGuard {
  const { task, timeoutMs, priceOf, metrics, now, maxCalls = 16, probeEveryMs = 10_000 } = options;
  const breaker = createCircuitBreaker({ now, probeEveryMs });
  const report = createLlmReport(options);
  const run = createRun(options, report.quota);
  let underWay = 0;

  async function admit<T extends LlmAnswer>(prepare: Prepare<T>, signal: AbortSignal): Async<T> {
    if (signal.aborted) return err(abortFailure(signal));
    if (underWay >= maxCalls) return err(tooMany(maxCalls));
    const passage = breaker.enter();
    if (passage === undefined) return err(closed());
    const deadline = startDeadline(signal, timeoutMs);
    underWay += 1;
    // Work that is broken off has a place until it has really ended.
    const running = run(prepare, deadline.signal).finally(() => (underWay -= 1));
    const answer = await unlessAborted(running, deadline.signal);
    deadline.end();
    // A model that was broken off by whoever asked has not failed.
    if (!signal.aborted) tell(passage, answer);
    return answer;
  }

  const guard: LlmGuard = {
    ask: (work, signal) => guard.askPrepared(async () => ok({ work }), signal),
    async askPrepared(prepare, signal) {
      const answer = await admit(prepare, signal);
      const outcome = answer.ok
        ? answered(answer.value.usage, priceOf, answer.value.outcome)
        : unanswered(answer.error);
      // Whoever leaves says nothing of the model.
      if (answer.ok || answer.error.code !== 'cancelled') metrics.countLlm(task, outcome);
      if (answer.ok) return { outcome, value: answer.value };
      report.failed(answer.error);
      return { outcome };
    },
    recall() {
      const outcome = recalled(priceOf);
      metrics.countLlm(task, outcome);
      return outcome;
    },
  };
  return guard;
}

/** Nothing is put together meanwhile: a quota that is used up is so until midnight. */
const exhaustedMs = 10_000;

/** Takes one of the quota, then asks. A bug on the way is a failure too: no search may end by it. */
function createRun(
  { task, quota, metrics, now }: LlmGuardOptions,
  reportQuota: ReturnType<typeof createLlmReport>['quota'],
) {
  let exhaustedUntilMs = -Infinity;
  return async <T>(prepare: Prepare<T>, signal: AbortSignal): Async<T> => {
    try {
      if (now() < exhaustedUntilMs) return err(exhausted());
      const prepared = await prepare(signal);
      if (!prepared.ok) return prepared;
      if ('answer' in prepared.value) return ok(prepared.value.answer);
      if (signal.aborted) return err(abortFailure(signal));
      const state = await quota.take();
      if (state === undefined) {
        exhaustedUntilMs = now() + exhaustedMs;
        return err(exhausted());
      }
      metrics.trackLlmQuota(task, state);
      reportQuota(state);
      return signal.aborted ? err(abortFailure(signal)) : await prepared.value.work(signal);
    } catch (cause) {
      return err(failure('llm_unusable', 'Cannot ask the language model as of a bug', { cause }));
    }
  };
}

/** Tells the breaker whether the model answered, where that is known. */
function tell(passage: Passage, answer: Result<LlmAnswer, Failure>): void {
  if (answer.ok) {
    if (answer.value.outcome !== 'nothing_found') passage.answered();
    return;
  }
  const { code } = answer.error;
  if (code === 'llm_unusable') passage.answered();
  if (code === 'llm_unavailable' || code === 'timeout') passage.unanswered();
}

/** A signal that ends with another, or when the time is over. */
function startDeadline(signal: AbortSignal, timeoutMs: number) {
  const own = new AbortController();
  const leave = (): void => own.abort(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  const timer = setTimeout(() => {
    own.abort(new DOMException('The language model took too long', 'TimeoutError'));
  }, timeoutMs);
  return {
    signal: own.signal,
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
    },
  };
}

function tooMany(max: number): Failure {
  const detail = `Cannot ask the language model as too many questions are under way already: ${max}`;
  return failure('llm_unavailable', detail);
}

function closed(): Failure {
  const detail = 'Cannot ask the language model as it has not answered several times in a row';
  return failure('llm_unavailable', detail);
}

function exhausted(): Failure {
  const detail = 'Cannot ask the language model as it was asked as often as it may be in a day';
  return failure('llm_quota_exhausted', detail);
}
