import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { toSqsRecord } from './sqs-record.ts';

export type LambdaContext = Pick<
  Context,
  'awsRequestId' | 'functionName' | 'getRemainingTimeInMillis'
>;

export type SqsHandler = (event: SQSEvent, context: LambdaContext) => Promise<SQSBatchResponse>;

export interface LambdaPollerOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly handler: SqsHandler;
  /** Messages of one call at most (10). */
  readonly batchSize?: number;
  /** How long a batch is waited for to become full (0). */
  readonly batchWindowMs?: number;
  /** Calls at once at most (1). */
  readonly concurrency?: number;
  /** What one call may take (60,000). */
  readonly timeoutMs?: number;
  /** Of what was received; left out: as the queue has it. */
  readonly hideSeconds?: number;
  /** Told of calls that failed as a whole, and of a queue that does not answer. */
  readonly onError?: (error: unknown) => void;
}

export interface LambdaPoller {
  /** Receives no more, and waits until the calls that are under way have ended. */
  stop(): Promise<void>;
}

/**
 * Short, as a stop waits for it: to whoever leaves before the answer messages may be given all the
 * same, which are hidden then for nothing.
 */
const pollSeconds = 1;
const pauseAfterErrorMs = 500;

/**
 * What AWS has between a queue and a Lambda function: receives, calls, and removes what the function
 * did not name as failed. What it named, or all of it where the call failed, comes back when its time
 * to be hidden has passed.
 */
export function startLambdaPoller(options: LambdaPollerOptions): LambdaPoller {
  const stopping = new AbortController();
  const { concurrency = 1, onError } = options;
  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const messages = await receiveBatch(options, stopping.signal);
        if (messages.length > 0) await handleBatch(options, messages);
      } catch (error) {
        onError?.(error);
        await sleep(pauseAfterErrorMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }
  const polls = Array.from({ length: concurrency }, poll);
  return {
    async stop() {
      stopping.abort();
      await Promise.all(polls);
    },
  };
}

async function receiveBatch(
  options: LambdaPollerOptions,
  signal: AbortSignal,
): Promise<readonly Message[]> {
  const { batchSize = 10, batchWindowMs = 0 } = options;
  const batch = await receive(options, Math.min(batchSize, 10), pollSeconds);
  const fullBy = performance.now() + batchWindowMs;
  while (batch.length > 0 && batch.length < batchSize && performance.now() < fullBy) {
    if (signal.aborted) break;
    const more = await receive(options, Math.min(batchSize - batch.length, 10), 0);
    batch.push(...more);
    if (more.length === 0) await sleep(Math.min(20, batchWindowMs));
  }
  return batch;
}

async function receive(
  { client, queueUrl, hideSeconds }: LambdaPollerOptions,
  count: number,
  waitSeconds: number,
): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: count,
    WaitTimeSeconds: waitSeconds,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
    ...(hideSeconds !== undefined && { VisibilityTimeout: hideSeconds }),
  });
  const { Messages = [] } = await client.send(command);
  return Messages;
}

async function handleBatch(
  options: LambdaPollerOptions,
  messages: readonly Message[],
): Promise<void> {
  const { client, queueUrl } = options;
  const Records = messages.map((message) => toSqsRecord(message, queueUrl));
  const response = await callInTime(options, { Records });
  const known = new Set(Records.map(({ messageId }) => messageId));
  const failed = new Set(response?.batchItemFailures?.map((one) => one.itemIdentifier));
  // As Lambda has it: an answer about messages that it was not given is none.
  if (failed.difference(known).size > 0) throw new Error('The function named unknown messages');
  const done = messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
  for (let from = 0; from < done.length; from += 10) {
    const Entries = done.slice(from, from + 10).map(({ ReceiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle,
    }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

async function callInTime(
  { handler, timeoutMs = 60_000 }: LambdaPollerOptions,
  event: SQSEvent,
): Promise<SQSBatchResponse | undefined> {
  const endsAt = performance.now() + timeoutMs;
  const context = {
    awsRequestId: randomUUID(),
    functionName: 'index-images',
    getRemainingTimeInMillis: () => Math.max(0, endsAt - performance.now()),
  };
  const answered = new AbortController();
  try {
    return await Promise.race([
      handler(event, context),
      sleep(timeoutMs, undefined, { signal: answered.signal }).then(() => {
        throw new Error(`The function took longer than ${timeoutMs} ms`);
      }),
    ]);
  } finally {
    answered.abort();
  }
}
