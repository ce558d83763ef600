import type { SQSBatchResponse } from 'aws-lambda';
import type { Failure } from '../core/failure.ts';
import type { Logger } from '../core/ports.ts';
import type { Queue } from '../core/queue.ts';
import { err, type Result } from '../core/result.ts';
import { type BatchMessage, readBatchEvent } from './batch-event.ts';
import { type BatchTime, type RemainingTime, startBatchTime } from './batch-time.ts';
import { sendDeadLetters } from './dead-letters.ts';
import { judge, notFinished, type Settled, tellVerdicts, type Verdict } from './verdicts.ts';

export interface BatchContext {
  /** Aborted, as by a deadline, when there is no more time for work. */
  readonly signal: AbortSignal;
  /** Until then: whoever has less than it takes should not begin. */
  remainingMs(): number;
  /** Says what became of a message, once nothing of it is left to do. The first word counts. */
  settle(message: BatchMessage, result: Result<unknown, Failure>): void;
}

/** Works on all messages of a batch together. What it has not settled when it ends is received again. */
export type BatchWork = (
  messages: readonly BatchMessage[],
  context: BatchContext,
) => Promise<unknown>;

export interface BatchOptions {
  readonly work: BatchWork;
  /** Where messages go that failed too often; left out: where the queue's own policy sends them. */
  readonly deadLetters?: Pick<Queue, 'send'> | undefined;
  /** With which receive a message goes there. */
  readonly maxReceives: number;
  readonly logger: Logger;
  /** Kept of an invocation's time for its answer. */
  readonly marginMs?: number | undefined;
  /** Is told before the answer is given: for metrics and the log. */
  readonly onDone?: (verdicts: readonly Verdict[]) => void;
}

export type BatchHandler = (event: unknown, context: RemainingTime) => Promise<SQSBatchResponse>;

/**
 * A function behind a queue, that answers which messages of a batch are to be received again. What
 * failed is, where the table of failures says that it may work later; what never will is acknowledged.
 * Of a message that was not finished nothing is acknowledged: not begun, begun and cut short, or met
 * by a bug. The event source must be told of it (ReportBatchItemFailures).
 */
export function createBatchHandler(options: BatchOptions): BatchHandler {
  const { marginMs = 2000, onDone } = options;
  return async (event, context) => {
    const messages = readBatchEvent(event);
    const time = startBatchTime(context, marginMs);
    const results = await workOn(messages, options, time).finally(time.stop);
    const verdicts = messages.map((message) => judge(message, results.get(message), options));
    const final = await sendDeadLetters(verdicts, options, time.answerSignal());
    tellVerdicts(final, options.logger);
    onDone?.(final);
    const again = final.filter(({ fate }) => fate === 'retried');
    return { batchItemFailures: again.map(({ message }) => ({ itemIdentifier: message.id })) };
  };
}

/** The work on all of them; after a bug on each alone, so that one does not stop the others. */
async function workOn(
  messages: readonly BatchMessage[],
  { work, logger }: Pick<BatchOptions, 'work' | 'logger'>,
  time: BatchTime,
): Promise<ReadonlyMap<BatchMessage, Settled>> {
  const outcomes = new Map<BatchMessage, Settled>();
  let closed = false;
  const { signal, remainingMs } = time;
  const settle: BatchContext['settle'] = (message, result) => {
    if (!closed && !outcomes.has(message) && !wasCutShort(result, signal)) {
      outcomes.set(message, result);
    }
  };
  const open = () => messages.filter((message) => !outcomes.has(message));

  async function attempt(some: readonly BatchMessage[]): Promise<void> {
    if (some.length === 0 || remainingMs() === 0) return;
    try {
      await time.waitFor(work(some, { signal, remainingMs, settle }));
    } catch (error) {
      const left = some.filter((message) => !outcomes.has(message));
      logger.error({ err: error, messages: left.map(({ id }) => id) }, 'The work on a batch threw');
      for (const message of left) {
        if (some.length === 1) outcomes.set(message, 'bug');
        else await attempt([message]);
      }
    }
  }

  await attempt(messages);
  closed = true;
  for (const message of open()) outcomes.set(message, err(notFinished));
  return outcomes;
}

/** It is the end of the invocation that ended the work, and nothing about the message. */
function wasCutShort(result: Result<unknown, Failure>, signal: AbortSignal): boolean {
  return !result.ok && signal.aborted && ['timeout', 'cancelled'].includes(result.error.code);
}
