import { type Failure, failure, type FailureCode, failures } from '../core/failure.ts';
import type { Logger } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import type { BatchMessage } from './batch-event.ts';

/** What became of one message. */
export interface Verdict {
  readonly message: BatchMessage;
  /**
   * `done` and `refused` are acknowledged, as is `dead_lettered`, once the dead-letter queue has it;
   * `retried` is received again.
   */
  readonly fate: 'done' | 'refused' | 'dead_lettered' | 'retried';
  /** Why it is not done; `bug` where the work threw. */
  readonly code?: FailureCode | 'bug';
}

/** One with its reason, as the dead-letter queue and the log get it. */
export interface Judged extends Verdict {
  readonly reason?: string;
}

export function judge(
  message: BatchMessage,
  outcome: Settled | undefined,
  { deadLetters, maxReceives }: { readonly deadLetters?: unknown; readonly maxReceives: number },
): Judged {
  if (outcome === undefined || outcome === 'bug') return { message, fate: 'retried', code: 'bug' };
  if (outcome.ok) return { message, fate: 'done' };
  const { code, detail } = outcome.error;
  const reason = `${code}: ${detail}`;
  if (!failures[code].retry) return { message, fate: 'refused', code, reason };
  // What was not even begun has not failed.
  const isLast = message.receives >= maxReceives && outcome.error !== notFinished;
  const fate = deadLetters && isLast ? 'dead_lettered' : 'retried';
  return { message, fate, code, reason };
}

/** What a message gets that was not begun, or was cut short. */
export const notFinished = failure(
  'timeout',
  'Cannot finish as the time of the invocation is short: the message is received again',
);

/** What the work said of a message, or that it threw. */
export type Settled = Result<unknown, Failure> | 'bug';

const namedAtMost = 10;

/** A line for each kind of failure: in an outage all messages of many batches fail alike. */
export function tellVerdicts(verdicts: readonly Judged[], logger: Logger): void {
  const kinds = Map.groupBy(verdicts, ({ fate, code }) => `${fate} ${code}`);
  for (const alike of kinds.values()) {
    const { fate, code, reason } = alike[0] ?? {};
    if (fate === 'done') continue;
    const messages = alike.slice(0, namedAtMost).map(({ message }) => message.id);
    logger.warn({ fate, code, count: alike.length, messages, reason }, 'Messages were not done');
  }
}
