import { type BatchOptions, type BatchWork, createBatchHandler } from '../../functions/batch.ts';
import type { Verdict } from '../../functions/verdicts.ts';
import { type Async, failure } from '../../core/failure.ts';
import type { NewMessage } from '../../core/queue.ts';
import { err, ok } from '../../core/result.ts';
import { contextWith, type EventMessage, failedIds, sqsEvent } from './sqs-events.ts';

export const plenty = 60_000;

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A handler of this work, and all that it does besides its answer. */
export function createBatch(work: BatchWork, more: Partial<BatchOptions> = {}) {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ ...fields, level, message });
  const dead: NewMessage[] = [];
  const verdicts: Verdict[] = [];
  const send = async (messages: readonly NewMessage[]): Async<void> => {
    dead.push(...messages);
    return ok(undefined);
  };
  const handler = createBatchHandler({
    work,
    deadLetters: { send },
    maxReceives: 3,
    logger: { info: at('info'), warn: at('warn'), error: at('error') },
    onDone: (done) => void verdicts.push(...done),
    ...more,
  });
  return {
    lines,
    dead,
    verdicts,
    run: async (messages: readonly EventMessage[], remainingMs = plenty) =>
      failedIds(await handler(sqsEvent(messages), contextWith(remainingMs))),
    handler,
  };
}

export const late = failure('store_unavailable', 'Cannot reach it');
export const never = failure('not_an_image', 'Cannot read it');

/** Settles each message by its body: `ok`, `late`, `never`, `left` (not at all) or `throw`. */
export const byBody: BatchWork = async (messages, { settle }) => {
  for (const message of messages) {
    if (message.body === 'throw') throw new Error('A bug');
    if (message.body === 'ok') settle(message, ok(undefined));
    if (message.body === 'late') settle(message, err(late));
    if (message.body === 'never') settle(message, err(never));
  }
};
