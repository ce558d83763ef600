import type { Message } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';

/** A received message as Lambda hands it to its function. */
export function toSqsRecord(message: Message, queueUrl: string): SQSRecord {
  const { Attributes: attributes = {} } = message;
  const [queue = '', account = ''] = queueUrl.split('/').toReversed();
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: attributes.ApproximateReceiveCount ?? '1',
      SentTimestamp: attributes.SentTimestamp ?? '0',
      SenderId: attributes.SenderId ?? '',
      ApproximateFirstReceiveTimestamp: attributes.ApproximateFirstReceiveTimestamp ?? '0',
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(
        ([name, { DataType = 'String', StringValue = '' }]) => [
          name,
          { dataType: DataType, stringValue: StringValue },
        ],
      ),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:eu-central-1:${account}:${queue}`,
    awsRegion: 'eu-central-1',
  };
}
