import type { Generation } from '../../core/generation.ts';
import { createIndexer, type IndexerParts } from '../../core/indexer.ts';
import type { Logger } from '../../core/ports.ts';
import type { Queue } from '../../core/queue.ts';
import type { Clock } from '../../core/timings.ts';
import { type BatchHandler, createBatchHandler } from '../batch.ts';
import { createIndexMessages } from './index-messages.ts';
import { createShowChanges } from './show-changes.ts';
import { createTally, type IndexMetrics, tellTally, withEncodeTimes } from './tally.ts';

export interface IndexImagesParts {
  /** What pictures are indexed with. `objects` is the bucket. */
  readonly indexer: IndexerParts;
  /** `PICTURES_BUCKET`: messages about another one are refused. */
  readonly bucket: string;
  /** Left out: the queue's own policy moves what fails too often, without a reason. */
  readonly deadLetters?: Pick<Queue, 'send'> | undefined;
  readonly maxReceives: number;
  /** Of the cached answers; left out where there is no cache. */
  readonly generation?: Pick<Generation, 'endSoon'> | undefined;
  readonly metrics: IndexMetrics;
  readonly logger: Logger;
  readonly now: Clock;
  /** Milliseconds since 1970. */
  readonly epochMs: () => number;
  /** Keys that are looked at in one call, and calls under way at once. */
  readonly chunkSize?: number;
  readonly atOnce?: number;
  /** Kept of an invocation's time for its answer. */
  readonly marginMs?: number | undefined;
}

/**
 * The function behind the queue of a bucket's events: brings the index up to the state of the objects
 * that its messages name. It answers when what it acknowledges is searchable, or within a second of
 * that where answers are cached.
 */
export function createIndexImages(parts: IndexImagesParts): BatchHandler {
  const { generation, metrics, logger, now, chunkSize = 32, atOnce = 3 } = parts;
  const showChanges = generation ? createShowChanges({ generation, logger }) : async () => {};
  const { encoder } = parts.indexer;
  const encoding = { pictures: 0, ms: 0 };
  const timed = withEncodeTimes(encoder, now, (pictures, ms) => {
    metrics.add('image_encode_duration', 'Milliseconds', ms / pictures);
    encoding.pictures += pictures;
    encoding.ms += ms;
  });
  const { look } = createIndexer({ ...parts.indexer, encoder: timed });
  const index = createIndexMessages({ ...parts, look, showChanges, chunkSize, atOnce });

  return (event, context) => {
    const startMs = now();
    const tally = createTally();
    const before = { ...encoding };
    const handle = createBatchHandler({
      ...parts,
      work: (messages, batch) => index(messages, batch, tally.add),
      onDone: (verdicts) => {
        const encoded = encoding.pictures - before.pictures;
        const times = { durationMs: now() - startMs, encodeMs: encoding.ms - before.ms };
        const invocation = { verdicts, encoded, ...times, nowMs: parts.epochMs() };
        tellTally(tally, invocation, { metrics, logger });
      },
    });
    return handle(event, context);
  };
}
