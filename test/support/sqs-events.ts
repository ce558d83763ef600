import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

export interface EventMessage {
  readonly id?: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receives?: number;
  readonly sentAtMs?: number;
}

/** What Lambda hands to a function for these messages of a queue. */
export function sqsEvent(messages: readonly EventMessage[]): SQSEvent {
  return { Records: messages.map(toRecord) };
}

function toRecord(
  { id, body, receives = 1, sentAtMs = 1_900_000_000_000 }: EventMessage,
  place: number,
): SQSRecord {
  return {
    messageId: id ?? `message-${place}`,
    receiptHandle: `receipt-${place}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAtMs),
      SenderId: 'AIDAEXAMPLE',
      ApproximateFirstReceiveTimestamp: String(sentAtMs + 5),
    },
    messageAttributes: {},
    md5OfBody: '0'.repeat(32),
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:pictures',
    awsRegion: 'eu-central-1',
  };
}

/** A context with so much time from now on. */
export function contextWith(remainingMs: number): { getRemainingTimeInMillis(): number } {
  const end = performance.now() + remainingMs;
  return { getRemainingTimeInMillis: () => end - performance.now() };
}

/** Ids of the messages that are to be received again. */
export function failedIds({ batchItemFailures }: SQSBatchResponse): string[] {
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}
