import { abortFailure, type Failure, failure } from '../core/failure.ts';
import type { RetryBudget } from '../core/retry-budget.ts';
import type { Outcome } from './remote-answer.ts';

/** One attempt that is under way. */
export interface Attempt<T> {
  /** Never rejects, unless there is a bug. */
  readonly outcome: Promise<Outcome<T>>;
  cancel(): void;
}

export interface AskTwiceOptions<T> {
  /** Called once or twice; the second time after `leftMs` has become less. */
  readonly start: (attempt: 1 | 2) => Attempt<T>;
  readonly signal?: AbortSignal | undefined;
  /** How long all of it may take. */
  readonly leftMs: number;
  /** Silence after which a second attempt joins the first; left out: none ever does. */
  readonly hedgeMs?: number | undefined;
  readonly budget: RetryBudget;
}

/** The second attempt would only meet the deadline. */
const minLeftMs = 20;

/** As `Outcome`, or `ended`: the deadline came, or the caller left. */
export type AskedOutcome<T> = Outcome<T> | { readonly kind: 'ended'; readonly failure: Failure };

/**
 * Asks what may be asked twice without harm, and gives the first answer. There is one second attempt
 * at most, and never one when there is no time for it: at once when the first was lost, or beside it
 * when it is silent for long. Attempts that still run in the end are cancelled.
 */
export async function askTwice<T>(options: AskTwiceOptions<T>): Promise<AskedOutcome<T>> {
  const { start, signal, leftMs, hedgeMs, budget } = options;
  const { promise, resolve, reject } = Promise.withResolvers<AskedOutcome<T>>();
  const endsAtMs = performance.now() + leftMs;
  const running = new Set<Attempt<T>>();
  let tried = 0;

  function begin(attempt: 1 | 2): void {
    tried = attempt;
    const begun = start(attempt);
    running.add(begun);
    const end = (outcome: Outcome<T>): void => {
      running.delete(begun);
      take(outcome);
    };
    begun.outcome.then(end).catch(reject);
  }
  function mayTryAgain(free: boolean): boolean {
    if (tried !== 1 || performance.now() + minLeftMs >= endsAtMs) return false;
    return free || budget.take();
  }
  function take(outcome: Outcome<T>): void {
    const again = outcome.kind === 'none' && outcome.again !== 'no';
    if (again && mayTryAgain(outcome.again === 'free')) return begin(2);
    // Of two attempts the other may still have an answer.
    if (outcome.kind === 'answer' || running.size === 0) resolve(outcome);
  }
  const leave = (): void => signal && resolve({ kind: 'ended', failure: abortFailure(signal) });
  const hedge = hedgeMs !== undefined && setTimeout(() => mayTryAgain(false) && begin(2), hedgeMs);
  const late = setTimeout(() => resolve({ kind: 'ended', failure: tooLate() }), leftMs);
  signal?.addEventListener('abort', leave, { once: true });
  try {
    begin(1);
    return await promise;
  } finally {
    if (hedge !== false) clearTimeout(hedge);
    clearTimeout(late);
    signal?.removeEventListener('abort', leave);
    for (const attempt of running) attempt.cancel();
  }
}

function tooLate(): Failure {
  return failure('timeout', 'Cannot answer in time as the search service is silent');
}
