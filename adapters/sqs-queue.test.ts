import { beforeAll, describe, expect, it } from 'vitest';
import { describeQueue } from '../test/contracts/queue.ts';
import {
  type AwsServer,
  startAws,
  testCredentials,
  testRegion,
} from '../test/support/aws-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { type Script, useHttpServers } from '../test/support/http-servers.ts';
import { createSqsClient } from './sqs-client.ts';
import { createSqsQueue } from './sqs-queue.ts';

let aws: AwsServer;
let queues = 0;

beforeAll(async () => {
  aws = await startAws();
});

describeQueue('SQS', {
  async create() {
    const name = `pictures-${(queues += 1)}`;
    const deadLetters = await aws.createQueue(`${name}-dead`);
    const { url } = await aws.createQueue(name, { deadLetters, maxReceives: 3 });
    const client = aws.sqs;
    return {
      queue: createSqsQueue({ url, client }),
      deadLetters: createSqsQueue({ url: deadLetters.url, client }),
      removed: createSqsQueue({ url: `${url}-gone`, client }),
    };
  },
});

describe('a client of SQS', () => {
  const credentials = testCredentials;

  it.each([
    ['https://sqs.eu-west-3.amazonaws.com/123456789012/q', 'eu-west-3'],
    ['https://eu-west-3.queue.amazonaws.com/123456789012/q', 'eu-west-3'],
    ['https://sqs.us-gov-west-1.amazonaws.com/123456789012/q', 'us-gov-west-1'],
    ['https://vpce-1a-2b.sqs.ap-southeast-2.vpce.amazonaws.com/1/q', 'ap-southeast-2'],
    ['https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q', 'cn-north-1'],
  ])('is of the region that the URL names: %s', async (url, region) => {
    const client = createSqsClient({ url, credentials });
    expect(await client.config.region()).toBe(region);
    expect(await client.config.endpoint?.()).toMatchObject({ hostname: new URL(url).hostname });
    client.destroy();
  });

  it('asks the server of the URL, whatever the region is', async () => {
    const { url } = await aws.createQueue('of-its-own');
    const client = createSqsClient({ url, credentials, region: 'us-east-1' });
    const queue = createSqsQueue({ url, client });
    expectOk(await queue.send([{ body: 'here' }]));
    expect(expectOk(await queue.receive({ hideSeconds: 1 }))).toMatchObject([{ body: 'here' }]);
    client.destroy();
  });
});

describe('SQS that fails', () => {
  const serve = useHttpServers();

  async function startFaulty(script: Script, deadlineMs = 3000) {
    const server = await serve(script);
    const url = `${server.url}/1/q`;
    const client = createSqsClient({
      url,
      region: testRegion,
      credentials: testCredentials,
      answerMs: 100,
    });
    return { queue: createSqsQueue({ url, client, deadlineMs }), ...server };
  }

  const answer =
    (...answers: readonly unknown[]): Script =>
    (response, place) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answers[Math.min(place, answers.length - 1)]));
    };

  const refused = (Id: string) => ({
    Id,
    Code: 'InternalError',
    Message: 'try',
    SenderFault: false,
  });
  const idsOf = (body: string): string[] =>
    (JSON.parse(body) as { Entries: { Id: string }[] }).Entries.map(({ Id }) => Id);

  it('is asked for all that a message says of itself, and for as many as there are', async () => {
    const { queue, asked } = await startFaulty(answer({}));
    expect(expectOk(await queue.receive({ hideSeconds: 60, waitSeconds: 3 }))).toEqual([]);
    expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 60,
      WaitTimeSeconds: 3,
      MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
      MessageAttributeNames: ['reason'],
    });
  });

  it('ends the client that is its own, and no other', async () => {
    const { queue, connections } = await startFaulty(answer({ Attributes: {} }));
    expectOk(await queue.count());
    queue.close();
    expectOk(await queue.count());
    expect(connections()).toBe(1);
  });

  it('is asked once more for what it refused, and for nothing else', async () => {
    const { queue, asked } = await startFaulty(
      answer({ Successful: [], Failed: [refused('1'), refused('2')] }, { Successful: [] }),
    );
    expectOk(await queue.remove([1, 2, 3].map((n) => ({ id: `${n}`, receipt: `${n}` }))));
    expect(asked.map(({ body }) => idsOf(body))).toEqual([
      ['0', '1', '2'],
      ['1', '2'],
    ]);
  });

  it('fails with what it said when it refuses again', async () => {
    const { queue, asked } = await startFaulty(
      answer({ Failed: [refused('0'), refused('1')] }, { Failed: [refused('1')] }),
    );
    const failed = expectFailure(
      await queue.remove([1, 2, 3].map((n) => ({ id: '', receipt: `${n}` }))),
    );
    expect(failed.code).toBe('queue_unavailable');
    expect(failed.detail).toContain('SQS says of 1 of 3: InternalError try');
    expect(asked).toHaveLength(2);
  });

  it('fails when messages are not taken, and sends no more of them', async () => {
    const failing = { Failed: Array.from({ length: 10 }, (_, n) => refused(String(n))) };
    const { queue, asked } = await startFaulty(answer(failing));
    const messages = Array.from({ length: 25 }, (_, n) => ({ body: `${n}` }));
    expect(expectFailure(await queue.send(messages)).code).toBe('queue_unavailable');
    expect(asked).toHaveLength(2);
  });

  it('is unavailable when it never answers, and is left when the signal says so', async () => {
    const { queue } = await startFaulty(() => {}, 250);
    for (const result of [await queue.count(), await queue.receive({ hideSeconds: 1 })]) {
      expect(expectFailure(result).code).toBe('queue_unavailable');
    }
    const signal = AbortSignal.timeout(20);
    const left = await queue.receive({ hideSeconds: 1, waitSeconds: 20, signal });
    expect(expectFailure(left).code).toBe('timeout');
  });

  it('is unavailable while it says that it is, and is asked three times', async () => {
    const { queue, asked } = await startFaulty((response) => {
      response.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: 'InternalFailure', message: 'later' }));
    });
    const failed = expectFailure(await queue.count());
    expect(failed.code).toBe('queue_unavailable');
    expect(failed.detail).toMatch(/^Cannot count the messages as SQS says .*later: http:/);
    expect(asked).toHaveLength(3);
  });

  it('takes no message for one that came damaged', async () => {
    const Body = 'not what was sent';
    const message = { MessageId: '1', ReceiptHandle: '1', Body, MD5OfBody: '0'.repeat(32) };
    const { queue } = await startFaulty(answer({ Messages: [message] }));
    const failed = expectFailure(await queue.receive({ hideSeconds: 1 }));
    expect(failed.code).toBe('queue_unavailable');
  });

  it('is unavailable when there is no server', async () => {
    const url = 'http://127.0.0.1:1/1/q';
    const client = createSqsClient({ url, region: testRegion, credentials: testCredentials });
    const failed = expectFailure(await createSqsQueue({ url, client }).count());
    expect(failed.detail).toContain('ECONNREFUSED');
    client.destroy();
  });
});
