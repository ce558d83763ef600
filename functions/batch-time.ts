import type { Context } from 'aws-lambda';

/** What is asked of Lambda's context. */
export type RemainingTime = Pick<Context, 'getRemainingTimeInMillis'>;

/** The time of one invocation that there is for work. */
export interface BatchTime {
  /** Aborts with a `TimeoutError` when the time for work is over. */
  readonly signal: AbortSignal;
  /** Until then; 0 afterwards. */
  remainingMs(): number;
  /** Waits for work, but not much longer than it may take; whether it came to its end. */
  waitFor(work: Promise<unknown>): Promise<boolean>;
  /** A signal of what is left for the answer itself. */
  answerSignal(): AbortSignal;
  stop(): void;
}

/** @param marginMs What is kept of the remaining time for giving an answer. */
export function startBatchTime(context: RemainingTime, marginMs: number): BatchTime {
  const leftMs = () => Math.max(0, context.getRemainingTimeInMillis());
  const over = new AbortController();
  const remainingMs = () => (over.signal.aborted ? 0 : Math.max(0, leftMs() - marginMs));
  const given = Promise.withResolvers<false>();
  const end = () => {
    over.abort(new DOMException('The time of the invocation is over', 'TimeoutError'));
    // What does not heed the signal is left alone.
    givingUp = setTimeout(() => given.resolve(false), marginMs / 4);
  };
  let givingUp: NodeJS.Timeout | undefined;
  const ending = setTimeout(end, remainingMs());
  return {
    signal: over.signal,
    remainingMs,
    waitFor: (work) => Promise.race([work.then(() => true), given.promise]),
    answerSignal: () => AbortSignal.timeout(Math.max(1, Math.floor(leftMs() - marginMs / 4))),
    stop() {
      clearTimeout(ending);
      clearTimeout(givingUp);
    },
  };
}
