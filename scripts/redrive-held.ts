import type { Async } from '../core/failure.ts';
import type { Queue, QueueMessage } from '../core/queue.ts';
import { ok } from '../core/result.ts';

/** How long a message is hidden from others: longer than a look at all of them takes. */
const hideSeconds = 600;

/** Receives under way at the same time. */
const atOnce = 4;

/** There are no more when so many receives in a row gave nothing: one may overlook some. */
const emptyInARow = 3;

/** Of each that stays a kilobyte is kept; SQS itself hides no more than 120,000. */
export const mostMessages = 100_000;

export interface TakeOptions {
  /** How many of the wanted ones are taken. */
  readonly limit: number;
  readonly isWanted: (message: QueueMessage) => boolean;
  /** Gets every wanted message once, at most ten at a time. */
  readonly handle: (messages: readonly QueueMessage[]) => Async<void>;
  /** Whether those that were handled are no longer in the queue; else they stay. */
  readonly removes: boolean;
  readonly signal: AbortSignal;
}

interface Taking extends TakeOptions {
  readonly queue: Queue;
  /** Receipts by id, of what is to be shown to others again. */
  readonly held: Map<string, string>;
  taken: number;
  empty: number;
  failed: boolean;
}

/**
 * Takes messages until there are no more, each once. What stays is hidden meanwhile, or it would be received
 * again and again, and is released at the end, also after a failure or an abort. Only a process
 * that is killed leaves messages hidden, for ten minutes.
 */
export async function takeMessages(queue: Queue, options: TakeOptions): Async<void> {
  const taking: Taking = {
    ...options,
    queue,
    held: new Map(),
    taken: 0,
    empty: 0,
    failed: false,
  };
  const results = await Promise.all(Array.from({ length: atOnce }, () => takeOn(taking)));
  const messages = [...taking.held].map(([id, receipt]) => ({ id, receipt }));
  const released = messages.length > 0 ? await queue.release(messages) : ok(undefined);
  return results.find((result) => !result.ok) ?? released;
}

async function takeOn(taking: Taking): Async<void> {
  const { queue, limit, held, signal } = taking;
  const hasEnded = () =>
    signal.aborted ||
    taking.failed ||
    taking.taken >= limit ||
    taking.empty >= emptyInARow ||
    held.size >= mostMessages;
  while (!hasEnded()) {
    // Without the signal: what comes for one who has left would stay hidden.
    const received = await queue.receive({ hideSeconds, waitSeconds: 1 });
    const handled = received.ok ? await handle(taking, received.value) : received;
    if (handled.ok) continue;
    taking.failed = true;
    return handled;
  }
  return ok(undefined);
}

async function handle(taking: Taking, received: readonly QueueMessage[]): Async<void> {
  const { held, limit, isWanted, removes } = taking;
  taking.empty = received.length > 0 ? 0 : taking.empty + 1;
  const fresh = received.filter(({ id }) => !held.has(id));
  // Of one that has come twice the last receipt counts.
  for (const { id, receipt } of received) held.set(id, receipt);
  const wanted = fresh.filter(isWanted).slice(0, Math.max(0, limit - taking.taken));
  taking.taken += wanted.length;
  const handled = wanted.length > 0 ? await taking.handle(wanted) : ok(undefined);
  if (handled.ok && removes) for (const { id } of wanted) held.delete(id);
  return handled;
}
