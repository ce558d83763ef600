import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll } from 'vitest';
import {
  type LocalAws,
  type LocalAwsOptions,
  startLocalAws,
} from '../../scripts/local-aws/local-aws.ts';
import { expectOk } from './expect-ok.ts';

export const bucket = 'pictures';

export interface RunningLocalAws {
  readonly aws: LocalAws;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  put(key: string, body?: string | Uint8Array, metadata?: Record<string, string>): Promise<string>;
  /** The bodies of all messages that are there, each of which is hidden then. */
  received(): Promise<Record<string, unknown>[]>;
  /** Messages that are waiting or hidden, of the queue and of the one for what is given up. */
  left(): Promise<readonly [number, number]>;
  stop(): Promise<void>;
}

/** Starts the local AWS with clients of its own, until the tests of the file or the `describe` are over. */
export function useLocalAws(): (options?: Partial<LocalAwsOptions>) => Promise<RunningLocalAws> {
  const running: RunningLocalAws[] = [];
  afterAll(async () => {
    for (const one of running) await one.stop();
  });
  return async (options = {}) => {
    const aws = expectOk(await startLocalAws({ bucket, ...options }));
    const s3 = new S3Client({ ...aws.client, forcePathStyle: true });
    const sqs = new SQSClient(aws.client);
    const one: RunningLocalAws = {
      aws,
      s3,
      sqs,
      async put(key, body = 'x', metadata = {}) {
        const object = { Bucket: bucket, Key: key, Body: body, Metadata: metadata };
        const { ETag = '' } = await s3.send(new PutObjectCommand(object));
        return ETag;
      },
      received: () => receiveAll(sqs, aws.queueUrl),
      left: () =>
        Promise.all(
          [aws.queueUrl, aws.deadLetterQueueUrl].map((url) => countOf(sqs, url)),
        ) as Promise<[number, number]>,
      async stop() {
        s3.destroy();
        sqs.destroy();
        await aws.close();
      },
    };
    running.push(one);
    return one;
  };
}

async function receiveAll(sqs: SQSClient, url: string): Promise<Record<string, unknown>[]> {
  const bodies: Record<string, unknown>[] = [];
  for (;;) {
    const command = new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 });
    const { Messages = [] } = await sqs.send(command);
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body = '' }) => JSON.parse(Body)));
  }
}

async function countOf(sqs: SQSClient, url: string): Promise<number> {
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
  const { Attributes = {} } = await sqs.send(command);
  const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: hidden } =
    Attributes;
  return Number(waiting) + Number(hidden);
}
