import * as z from 'zod';

/** A message of a batch. */
export interface BatchMessage {
  readonly id: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** Unix time in milliseconds; `undefined` where it is not known. */
  readonly sentAtMs: number | undefined;
}

const Count = z.coerce.number().int().positive();

/** Of a record the id alone is needed: what else is missing is the message's own trouble. */
const BatchEvent = z.object({
  Records: z.array(
    z.object({
      messageId: z.string().min(1),
      body: z.string().catch(''),
      attributes: z
        .object({
          ApproximateReceiveCount: Count.catch(1),
          SentTimestamp: Count.optional().catch(undefined),
        })
        .catch({ ApproximateReceiveCount: 1 }),
    }),
  ),
});

/**
 * The messages of an event of SQS. Throws for anything else: a message without its id can't be given
 * back by name, and a function that ends with an error gives back all of them.
 */
export function readBatchEvent(event: unknown): BatchMessage[] {
  const read = BatchEvent.safeParse(event);
  if (!read.success) {
    const path = read.error.issues[0]?.path.join('.') ?? '';
    throw new TypeError(`Cannot read the batch as it is no event of SQS: ${path || 'the event'}`);
  }
  return read.data.Records.map(({ messageId, body, attributes }) => ({
    id: messageId,
    body,
    receives: attributes.ApproximateReceiveCount,
    sentAtMs: attributes.SentTimestamp,
  }));
}
