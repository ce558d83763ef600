import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createSqsQueue } from '../adapters/sqs-queue.ts';
import { formatObjectMessage } from '../core/object-event.ts';
import type { NewMessage, Queue } from '../core/queue.ts';
import { type AwsServer, startAws, testCredentials, testRegion } from './support/aws-server.ts';
import { expectOk } from './support/expect-ok.ts';
import { runScript, startScript } from './support/processes.ts';

const Listed = z.object({
  waiting: z.int(),
  hidden: z.int(),
  looked_at: z.int(),
  sent: z.int(),
  groups: z.array(
    z.object({
      code: z.string(),
      count: z.int(),
      oldest: z.iso.datetime(),
      newest: z.iso.datetime(),
      examples: z.array(z.object({ reason: z.string().nullable(), about: z.string() })),
    }),
  ),
});

let aws: AwsServer;
let env: Record<string, string>;
let queue: Queue;
let deadLetters: Queue;
let tests = 0;

beforeAll(async () => {
  aws = await startAws();
});

beforeEach(async () => {
  tests += 1;
  const to = await aws.createQueue(`to-${tests}`);
  const from = await aws.createQueue(`dlq-${tests}`);
  queue = createSqsQueue({ url: to.url, client: aws.sqs });
  deadLetters = createSqsQueue({ url: from.url, client: aws.sqs });
  env = {
    AWS_REGION: testRegion,
    AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
    QUEUE_URL: to.url,
    DEAD_LETTER_QUEUE_URL: from.url,
  };
});

function messagesOf(count: number, more: Partial<NewMessage> = {}): NewMessage[] {
  return Array.from({ length: count }, (_, n) => {
    const [body = ''] = formatObjectMessage('pictures', [`a/${n}.jpg`, `b/${n}.jpg`]);
    return { body, ...more };
  });
}

async function look(...args: string[]) {
  const { code, stdout, stderr } = await runScript('redrive', ['--json', ...args], env);
  expect(stderr).not.toContain('Cannot');
  expect(code).toBe(0);
  return Listed.parse(JSON.parse(stdout));
}

const countOf = async (some: Queue) => expectOk(await some.count());

describe('the redrive command', { timeout: 300_000 }, () => {
  const down = 'encoder_unavailable: Cannot encode as nobody answers';

  it('says what is in the dead-letter queue, and leaves it there', async () => {
    expectOk(await deadLetters.send(messagesOf(14, { reason: down })));
    expectOk(await deadLetters.send(messagesOf(3)));
    const unusable = {
      body: 'no\u009b31m JSON\u202e\n',
      reason: 'message_unusable: Cannot read it',
    };
    expectOk(await deadLetters.send([unusable]));
    const found = await look();
    expect(found).toMatchObject({ waiting: 18, hidden: 0, looked_at: 18, sent: 0 });
    expect(found.groups.map(({ code, count }) => [code, count])).toEqual([
      ['encoder_unavailable', 14],
      ['none', 3],
      ['message_unusable', 1],
    ]);
    const [first, second, third] = found.groups;
    expect(first?.examples).toHaveLength(3);
    expect(first?.examples[0]?.reason).toBe(down);
    expect(first?.examples[0]?.about).toMatch(/^s3:\/\/pictures\/a\/\d+\.jpg and 1 more$/);
    expect(second?.examples[0]?.reason).toBeNull();
    expect(third?.examples[0]?.about).toBe('no 31m JSON');
    // As before: nothing is hidden, and nothing was sent.
    expect(await countOf(deadLetters)).toEqual({ waiting: 18, hidden: 0 });
    expect(await countOf(queue)).toEqual({ waiting: 0, hidden: 0 });
  });

  it('prints it for people', async () => {
    expectOk(await deadLetters.send(messagesOf(2, { reason: down })));
    expectOk(await deadLetters.send(messagesOf(1)));
    const { stdout } = await runScript('redrive', [], env);
    expect(stdout).toMatch(/^3 looked at, of about 3 in the dead-letter queue:\n\n/);
    expect(stdout).toMatch(/\nencoder_unavailable +2 +\d+ s +\d+ s\n/);
    expect(stdout).toContain('\n    Cannot encode as nobody answers\n');
    expect(stdout).toContain('\nNo reason: the function that had them did not come to an end.\n');
  });

  it('sends all of them back, without their reason', async () => {
    expectOk(await deadLetters.send(messagesOf(25, { reason: down })));
    expect(await look('--send')).toMatchObject({ waiting: 25, looked_at: 25, sent: 25 });
    expect(await countOf(deadLetters)).toEqual({ waiting: 0, hidden: 0 });
    expect(await countOf(queue)).toEqual({ waiting: 25, hidden: 0 });
    const [message] = expectOk(await queue.receive({ hideSeconds: 30 }));
    expect(message?.reason).toBeUndefined();
    expect(JSON.parse(message?.body ?? '')).toMatchObject({ bucket: 'pictures' });
  });

  it('sends back those of one reason, or as many as are asked for', async () => {
    expectOk(await deadLetters.send(messagesOf(8, { reason: down })));
    expectOk(await deadLetters.send(messagesOf(7)));
    expect(await look('--send', '--reason', 'none')).toMatchObject({ sent: 7 });
    expect(await countOf(deadLetters)).toEqual({ waiting: 8, hidden: 0 });
    expect(await look('--send', '--limit', '5')).toMatchObject({ sent: 5 });
    expect(await countOf(deadLetters)).toEqual({ waiting: 3, hidden: 0 });
    expect(await countOf(queue)).toEqual({ waiting: 12, hidden: 0 });
    expect(await look('--limit', '2')).toMatchObject({ looked_at: 2, sent: 0 });
    expect(await countOf(deadLetters)).toEqual({ waiting: 3, hidden: 0 });
  });

  it('keeps what it cannot send', async () => {
    expectOk(await deadLetters.send(messagesOf(5)));
    const wrong = { ...env, QUEUE_URL: `${env['QUEUE_URL']}-that-is-not-there` };
    const { code, stderr } = await runScript('redrive', ['--send'], wrong);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot send .* as /m);
    expect(await countOf(deadLetters)).toEqual({ waiting: 5, hidden: 0 });
  });

  it('shows messages to others again when it is interrupted', async () => {
    expectOk(await deadLetters.send(messagesOf(12)));
    const running = startScript('redrive', [], env);
    // Its output begins when nothing is left to be received: it still waits for more.
    await running.waitFor(/Looking at/);
    running.process.kill('SIGINT');
    expect(await running.finished).toMatchObject({ code: 130 });
    expect(await countOf(deadLetters)).toEqual({ waiting: 12, hidden: 0 });
  });

  it('says in one sentence what is wrong', async () => {
    const unset = await runScript('redrive', [], { ...env, DEAD_LETTER_QUEUE_URL: '' });
    expect(unset).toMatchObject({ code: 1, stdout: '' });
    expect(unset.stderr).toBe(
      'Cannot run as DEAD_LETTER_QUEUE_URL must be the URL of a queue: it is not set\n',
    );
    const limit = await runScript('redrive', ['--limit', '0'], env);
    expect(limit.stderr).toBe('Cannot run as --limit must be a whole number from 1 to 100000: 0\n');
    const option = await runScript('redrive', ['--sent'], env);
    expect(option).toMatchObject({ code: 1 });
  });
});
