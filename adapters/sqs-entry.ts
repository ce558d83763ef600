import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import type { NewMessage } from '../core/queue.ts';

/** The name of the message attribute that says why a message is where it is. */
export const reasonAttribute = 'reason';

const maxReasonLength = 1000;

export type SqsEntry = Omit<SendMessageBatchRequestEntry, 'Id'>;

export function toEntry({ body, reason }: NewMessage): SqsEntry {
  const cleaned = cleanReason(reason ?? '');
  if (cleaned === '') return { MessageBody: body };
  const attribute = { DataType: 'String', StringValue: cleaned };
  return { MessageBody: body, MessageAttributes: { [reasonAttribute]: attribute } };
}

/** As SQS counts them: the body, and names, types and values of attributes. */
export function entryBytes({ MessageBody = '', MessageAttributes = {} }: SqsEntry): number {
  return Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType = '', StringValue = '' }]) =>
      sum + Buffer.byteLength(name + DataType + StringValue),
    Buffer.byteLength(MessageBody),
  );
}

/** SQS refuses a message for characters that XML does not know. */
function cleanReason(reason: string): string {
  return reason
    .slice(0, maxReasonLength)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\ufffe\uffff]+/gu, ' ')
    .trim();
}
