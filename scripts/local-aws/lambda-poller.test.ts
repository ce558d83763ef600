import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningLocalAws, useLocalAws } from '../../test/support/local-aws.ts';
import { type LambdaPollerOptions, startLambdaPoller } from './lambda-poller.ts';

const startAws = useLocalAws();
const pollers: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const poller of pollers.splice(0)) await poller.stop();
});

interface Started extends Pick<RunningLocalAws, 'left'> {
  readonly queueUrl: string;
  send(...bodies: string[]): Promise<void>;
  poll(options: Omit<LambdaPollerOptions, 'client' | 'queueUrl'>): { stop(): Promise<void> };
}

async function start(): Promise<Started> {
  // Nothing but what the test sends.
  const { aws, sqs: client, left } = await startAws({ deliver: () => undefined });
  const { queueUrl } = aws;
  return {
    queueUrl,
    left,
    async send(...bodies) {
      for (const MessageBody of bodies) {
        await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
      }
    },
    poll(options) {
      const poller = startLambdaPoller({ client, queueUrl, hideSeconds: 1, ...options });
      pollers.push(poller);
      return poller;
    },
  };
}

const noneFailed = { batchItemFailures: [] };

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await sleep(10);
}

describe('the poller between queue and function', () => {
  it('hands over messages as Lambda does, and removes them', async () => {
    const { send, poll, left, queueUrl } = await start();
    const records: SQSRecord[] = [];
    await send('a', 'b');
    poll({
      hideSeconds: 30,
      async handler(event, { getRemainingTimeInMillis }) {
        records.push(...event.Records);
        expect(getRemainingTimeInMillis()).toBeGreaterThan(0);
        expect(getRemainingTimeInMillis()).toBeLessThanOrEqual(5000);
        return noneFailed;
      },
      timeoutMs: 5000,
    });
    await until(async () => (await left())[0] === 0);
    expect(records.map(({ body }) => body)).toEqual(['a', 'b']);
    expect(records[0]).toMatchObject({
      messageId: expect.any(String),
      receiptHandle: expect.any(String),
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:eu-central-1:000000000000:${queueUrl.split('/').at(-1)}`,
    });
  });

  it('leaves what failed, until it comes again', async () => {
    const { send, poll, left } = await start();
    const seen: string[] = [];
    await send('good', 'bad');
    poll({
      async handler({ Records }) {
        const named = Records.map(
          ({ body, attributes }) => body + attributes.ApproximateReceiveCount,
        );
        seen.push(...named);
        const failed = Records.filter((_, at) => named[at] === 'bad1');
        return { batchItemFailures: failed.map((one) => ({ itemIdentifier: one.messageId })) };
      },
    });
    await until(async () => (await left())[0] === 0);
    expect(seen).toEqual(['good1', 'bad1', 'bad2']);
  });

  it.each([
    ['throws', async () => Promise.reject(new Error('it died'))],
    ['never ends', () => new Promise<typeof noneFailed>(() => {})],
    ['names messages of others', async () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] })],
  ])(
    'puts what it never finishes into the other queue, where the function %s',
    async (_, handler) => {
      const { send, poll, left } = await start();
      let calls = 0;
      const errors: unknown[] = [];
      await send('a');
      poll({
        handler() {
          calls += 1;
          return handler();
        },
        timeoutMs: 50,
        onError: (error) => errors.push(error),
      });
      await until(async () => (await left())[1] === 1);
      expect(await left()).toEqual([0, 1]);
      expect(calls).toBe(3);
      expect(errors).toHaveLength(3);
    },
  );

  it('fills batches within its window, and calls no more than it may at once', async () => {
    const { send, poll, left } = await start();
    const sizes: number[] = [];
    let running = 0;
    let most = 0;
    await send(...Array.from({ length: 45 }, (_, n) => String(n)));
    poll({
      batchSize: 20,
      batchWindowMs: 2000,
      concurrency: 2,
      hideSeconds: 30,
      async handler({ Records }) {
        sizes.push(Records.length);
        running += 1;
        most = Math.max(most, running);
        // Until both are full, or nothing more comes.
        if (sizes.length <= 2) await until(() => sizes.length >= 2);
        running -= 1;
        return noneFailed;
      },
    });
    await until(async () => (await left())[0] === 0);
    expect(Math.max(...sizes)).toBe(20);
    expect(sizes.reduce((a, b) => a + b)).toBe(45);
    expect(most).toBe(2);
  });

  it('lets calls end before it stops', async () => {
    const { send, poll, left } = await start();
    let ended = false;
    let begun = false;
    await send('a');
    const poller = poll({
      hideSeconds: 30,
      async handler() {
        begun = true;
        await sleep(100);
        ended = true;
        return noneFailed;
      },
    });
    await until(() => begun);
    await poller.stop();
    expect(ended).toBe(true);
    expect(await left()).toEqual([0, 0]);
  });
});
