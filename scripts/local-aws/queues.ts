import { createHash, randomUUID } from 'node:crypto';
import type { Stores } from './fauxqs.ts';

const account = '000000000000';

export interface QueueOptions {
  readonly name: string;
  /** Of the server. */
  readonly url: string;
  readonly region: string;
  readonly hideSeconds?: number;
  readonly maxReceives?: number;
}

/** A queue and its dead-letter queue; those that were kept stay as they are, with their messages. */
export function createQueues(
  { sqsStore }: Stores,
  { name, url, region, hideSeconds = 30, maxReceives = 3 }: QueueOptions,
): { readonly queueUrl: string; readonly deadLetterQueueUrl: string } {
  const arnOf = (queue: string) => `arn:aws:sqs:${region}:${account}:${queue}`;
  const urlOf = (queue: string) => `${url}/${account}/${queue}`;
  const dead = `${name}-dead`;
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: arnOf(dead),
    maxReceiveCount: maxReceives,
  });
  const attributes = { VisibilityTimeout: String(hideSeconds), RedrivePolicy };
  for (const [queue, its] of [
    [dead, {}],
    [name, attributes],
  ] as const) {
    const known = sqsStore.getQueueByName(queue);
    if (known === undefined) sqsStore.createQueue(queue, urlOf(queue), arnOf(queue), its);
    else known.setAttributes(its);
  }
  return { queueUrl: urlOf(name), deadLetterQueueUrl: urlOf(dead) };
}

/** As a bucket does, which needs nobody's key. */
export function sendToQueue({ sqsStore }: Stores, name: string, body: string): void {
  sqsStore.getQueueByName(name)?.enqueue({
    messageId: randomUUID(),
    body,
    md5OfBody: createHash('md5').update(body).digest('hex'),
    messageAttributes: {},
    md5OfMessageAttributes: '',
    sentTimestamp: Date.now(),
    approximateReceiveCount: 0,
  });
}
