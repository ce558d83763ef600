import type * as z from 'zod';
import { createPlaces } from '../core/bounded.ts';
import { createCircuitBreaker, type Passage } from '../core/circuit-breaker.ts';
import {
  abortFailure,
  type Async,
  type Failure,
  failure,
  type FailureCode,
} from '../core/failure.ts';
import { createHedgeDelay } from '../core/hedge-delay.ts';
import { err } from '../core/result.ts';
import { createRetryBudget } from '../core/retry-budget.ts';
import type { Clock } from '../core/timings.ts';
import { type AskedOutcome, askTwice, type Attempt } from './ask-twice.ts';
import { deadlineHeader } from './deadline.ts';
import { readAnswer, unavailable } from './remote-answer.ts';
import type { Ended, ExchangeRequest, Exchanges } from './remote-exchange.ts';

export interface RemoteCall<T> extends ExchangeRequest {
  readonly schema: z.ZodType<T>;
  /** Codes that no answer to this can have: whoever gives one is not the service. */
  readonly foreign: ReadonlySet<FailureCode>;
  /** How long all of it may take. */
  readonly leftMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether silence says something: only requests that all take about as long can be compared. */
  readonly hedged: boolean;
  /** Called with every whole answer. */
  readonly onAnswer?: (answer: Ended & { readonly kind: 'answered' }) => void;
}

/** Calls of the service, each of which may be repeated without harm. */
export interface RemoteCaller {
  call<T>(call: RemoteCall<T>): Async<T>;
}

export interface RemoteCallerOptions {
  /** What failures call the other end. */
  readonly service: string;
  /** Calls under way at the same time, all together; past it `overloaded`. */
  readonly maxCalls: number;
  readonly now: Clock;
}

/** What is kept back of the time that is left: to answer in, and for the way back to here. */
const toAnswerMs = 10;
const toReturnMs = 20;

/**
 * Adds to the exchanges what keeps a caller from waiting in vain: a deadline that the service is
 * told, one second attempt, and a circuit breaker.
 */
export function createRemoteCaller(
  exchanges: Exchanges,
  options: RemoteCallerOptions,
): RemoteCaller {
  const { service, maxCalls, now } = options;
  const breaker = createCircuitBreaker({ now });
  const places = createPlaces(maxCalls);
  const ask = createPatientAsk(exchanges, options);
  return {
    async call(call) {
      if (call.signal?.aborted) return err(abortFailure(call.signal));
      if (call.leftMs <= toAnswerMs + toReturnMs) return err(noTimeLeft());
      return places.use(async () => {
        const passage = breaker.enter();
        if (!passage) return err(open(service, breaker.waitMs()));
        const outcome = await ask(call);
        report(outcome, passage);
        return outcome.kind === 'answer' ? outcome.result : err(outcome.failure);
      });
    },
  };
}

/** Within its time, and with a second attempt where the first comes to nothing. */
function createPatientAsk(exchanges: Exchanges, { service, now }: RemoteCallerOptions) {
  const budget = createRetryBudget();
  const hedgeDelay = createHedgeDelay();

  function attempt<T>(call: RemoteCall<T>, endsAtMs: number): Attempt<T> {
    const leftMs = Math.max(1, Math.floor(endsAtMs - now() - toAnswerMs - toReturnMs));
    const headers = { ...call.headers, [deadlineHeader]: String(leftMs) };
    const { ended, cancel } = exchanges.start({ ...call, headers });
    const outcome = ended.then((end) => {
      if (end.kind === 'answered') call.onAnswer?.(end);
      return readAnswer(end, { ...call, service });
    });
    return { outcome, cancel };
  }

  return async <T>(call: RemoteCall<T>): Promise<AskedOutcome<T>> => {
    const beganAtMs = now();
    budget.earn();
    const outcome = await askTwice({
      start(which) {
        // What happened to one connection may have happened to all that are as old.
        if (which === 2) exchanges.forgetIdle();
        return attempt(call, beganAtMs + call.leftMs);
      },
      signal: call.signal,
      leftMs: call.leftMs - toAnswerMs,
      hedgeMs: call.hedged ? hedgeDelay.delayMs() : undefined,
      budget,
    });
    if (call.hedged && outcome.kind === 'answer') hedgeDelay.observe(now() - beganAtMs);
    return outcome;
  };
}

/** Who left before there was an answer has learned nothing. */
function report(outcome: AskedOutcome<unknown>, passage: Passage): void {
  if (outcome.kind === 'answer') passage.answered();
  else if (outcome.failure.code !== 'cancelled') passage.unanswered();
}

function open(service: string, waitMs: number): Failure {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  return { ...unavailable(`${service} has not answered for a while`), retryAfterSeconds };
}

function noTimeLeft(): Failure {
  return failure('timeout', 'Cannot answer in time as no time is left to ask the search service');
}
