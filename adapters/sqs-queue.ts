import { GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { type Async, type Failure, failure } from '../core/failure.ts';
import type { Queue, QueueMessage } from '../core/queue.ts';
import { ok } from '../core/result.ts';
import { callAws, readAwsError } from './aws-requests.ts';
import { releaseMessages, removeMessages, sendMessages } from './sqs-batches.ts';
import { createSqsClient } from './sqs-client.ts';
import { reasonAttribute } from './sqs-entry.ts';

export interface SqsQueueOptions {
  /** Of the queue: `https://sqs.eu-central-1.amazonaws.com/123456789012/pictures`. */
  readonly url: string;
  /** Of `createSqsClient`; left out: one of its own, which `close` ends. */
  readonly client?: SQSClient;
  /** For one request with all its tries, beside the wait for messages. */
  readonly deadlineMs?: number;
}

export interface SqsQueue extends Queue {
  /** Ends the client that is its own: nothing may be asked of it afterwards. */
  close(): void;
}

/** What a part of the queue works with. */
export interface SqsParts extends Required<SqsQueueOptions> {
  /** What `callAws` makes a failure of an error by. */
  explain(doing: string): (cause: unknown) => Failure;
}

/** A queue of SQS, or of what speaks as it does; not a FIFO queue, which wants more of a message. */
export function createSqsQueue({ url, client, deadlineMs = 30_000 }: SqsQueueOptions): SqsQueue {
  const asked = client ?? createSqsClient({ url });
  const parts: SqsParts = {
    url,
    client: asked,
    deadlineMs,
    explain: (doing) => (cause) => {
      const { says } = readAwsError(cause, 'SQS');
      return failure('queue_unavailable', `Cannot ${doing} as ${says}: ${url}`, { cause });
    },
  };
  return {
    send: (messages, signal) => sendMessages(parts, messages, signal),
    receive: (options) => receiveMessages(parts, options),
    remove: (messages) => removeMessages(parts, messages),
    release: (messages) => releaseMessages(parts, messages),
    count: () => countMessages(parts),
    close() {
      if (!client) asked.destroy();
    },
  };
}

async function receiveMessages(
  { url, client, deadlineMs, explain }: SqsParts,
  { hideSeconds, waitSeconds = 0, signal }: Parameters<Queue['receive']>[0],
): Async<QueueMessage[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: hideSeconds,
    WaitTimeSeconds: waitSeconds,
    MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
    MessageAttributeNames: [reasonAttribute],
  });
  const call = {
    deadlineMs: deadlineMs + waitSeconds * 1000,
    signal,
    explain: explain('receive messages'),
  };
  const answer = await callAws(call, (abortSignal) => client.send(command, { abortSignal }));
  return answer.ok ? ok((answer.value.Messages ?? []).map(readMessage)) : answer;
}

function readMessage({ MessageId, Body, ReceiptHandle, ...more }: Message): QueueMessage {
  const reason = more.MessageAttributes?.[reasonAttribute]?.StringValue;
  return {
    id: MessageId ?? '',
    body: Body ?? '',
    receipt: ReceiptHandle ?? '',
    sentAtMs: Number(more.Attributes?.SentTimestamp ?? 0),
    receives: Number(more.Attributes?.ApproximateReceiveCount ?? 1),
    ...(reason !== undefined && { reason }),
  };
}

async function countMessages(parts: SqsParts): ReturnType<Queue['count']> {
  const { url, client, deadlineMs, explain } = parts;
  const command = new GetQueueAttributesCommand({
    QueueUrl: url,
    AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
  });
  const call = { deadlineMs, explain: explain('count the messages') };
  const answer = await callAws(call, (abortSignal) => client.send(command, { abortSignal }));
  if (!answer.ok) return answer;
  const { Attributes = {} } = answer.value;
  return ok({
    waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  });
}
