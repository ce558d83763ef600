import { mapBounded } from '../core/in-parallel.ts';
import type { Logger } from '../core/ports.ts';
import type { Queue } from '../core/queue.ts';
import type { Judged } from './verdicts.ts';

const sentAtOnce = 10;

export interface DeadLetterParts {
  readonly deadLetters?: Pick<Queue, 'send'> | undefined;
  readonly logger: Pick<Logger, 'error'>;
}

/** One that can't be sent there is received again: then the queue's own policy moves it. */
export async function sendDeadLetters(
  verdicts: readonly Judged[],
  { deadLetters, logger }: DeadLetterParts,
  signal: AbortSignal,
): Promise<Judged[]> {
  const final = [...verdicts];
  const places = [...final.keys()].filter((place) => final[place]?.fate === 'dead_lettered');
  const send = async (place: number): Promise<void> => {
    const verdict = final[place];
    if (verdict === undefined) return;
    const { message, reason } = verdict;
    // Each by itself: one that is refused, such as for its size, takes no other with it.
    const sent = await deadLetters?.send([{ body: message.body, reason }], signal);
    if (sent?.ok) return;
    final[place] = { ...verdict, fate: 'retried' };
    logger.error({ message: message.id, err: sent?.error }, 'Cannot send to the dead-letter queue');
  };
  await mapBounded(places, sentAtOnce, send);
  return final;
}
