import { parseArgs } from 'node:util';
import type { Async } from '../core/failure.ts';
import type { Queue, QueueMessage } from '../core/queue.ts';
import { ok } from '../core/result.ts';
import { parseCount, runCommand } from './command.ts';
import { createCount } from './index-progress.ts';
import { openQueue } from './open-queue.ts';
import {
  codeOf,
  createMessageGroups,
  describeGroups,
  type MessageGroup,
} from './redrive-groups.ts';
import { mostMessages, takeMessages } from './redrive-held.ts';

const help = `Look into the dead-letter queue, and send messages back.

  npm run redrive -- [options]

  --send           send them back to QUEUE_URL
  --reason <code>  only those that failed for this reason: a code of the list, or none
  --limit <n>      list no more than n messages, 1 to 100,000 (10,000); with --send, send no more. With
                   --reason more are looked at, up to 100,000, until so many of it are found
  --json           the list as JSON
  --help           this text

DEAD_LETTER_QUEUE_URL is looked at. What was only looked at stays there, and is shown to others again
when the command ends, also when it is interrupted. A message that is sent back is sent first and
removed then: if the command is killed in between, it is in both queues, which does no harm. SQS is
found as the AWS SDK finds it (AWS_REGION, AWS_PROFILE …).
`;

const optionTypes = {
  send: { type: 'boolean', default: false },
  reason: { type: 'string' },
  limit: { type: 'string', default: '10000' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

interface Options {
  readonly from: Queue;
  /** Left out: nothing is sent. */
  readonly to: Queue | undefined;
  readonly reason: string | undefined;
  readonly limit: number;
  readonly json: boolean;
}

await runCommand(async (args) => {
  const { values } = parseArgs({ args, options: optionTypes });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const limit = parseCount('limit', values.limit.replaceAll(',', ''), {
    min: 1,
    max: mostMessages,
  });
  if (!limit.ok) return limit;
  const from = openQueue('DEAD_LETTER_QUEUE_URL');
  if (!from.ok) return from;
  const to = values.send ? openQueue('QUEUE_URL') : ok(undefined);
  if (!to.ok) return to;
  const { reason, json } = values;
  return redrive({ from: from.value, to: to.value, reason, json, limit: limit.value });
});

async function redrive(options: Options): Async<number> {
  const { from, to, reason, limit } = options;
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const { signal } = interruption;
  const before = await from.count();
  if (!before.ok) return before;
  const groups = createMessageGroups();
  const progress = createCount(to ? 'Sending' : 'Looking at');
  const taken = await takeMessages(from, {
    limit,
    isWanted: (message) => reason === undefined || codeOf(message) === reason,
    removes: to !== undefined,
    signal,
    async handle(messages) {
      const moved = to ? await move(from, to, messages) : ok(undefined);
      if (!moved.ok) return moved;
      for (const message of messages) groups.add(message);
      progress.advance(messages.length);
      return moved;
    },
  });
  progress.stop();
  process.stdout.write(describe(options, { ...before.value, groups: groups.all() }));
  if (!taken.ok) return taken;
  if (!signal.aborted) return ok(0);
  process.stderr.write('Interrupted: the rest is where it was.\n');
  return ok(130);
}

/** In this order, so that none is lost. */
async function move(from: Queue, to: Queue, messages: readonly QueueMessage[]): Async<void> {
  const sent = await to.send(messages.map(({ body }) => ({ body })));
  return sent.ok ? from.remove(messages) : sent;
}

interface Found {
  /** Of the queue, before: about how many could be received, and how many somebody had. */
  readonly waiting: number;
  readonly hidden: number;
  readonly groups: readonly MessageGroup[];
}

function describe({ to, json, reason }: Options, { waiting, hidden, groups }: Found): string {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  if (json) {
    const counts = { waiting, hidden, looked_at: count, sent: to ? count : 0 };
    return `${JSON.stringify({ ...counts, groups: groups.map(toJson) }, undefined, 2)}\n`;
  }
  const about = `about ${waiting.toLocaleString('en')} in the dead-letter queue${
    hidden > 0 ? `, ${hidden.toLocaleString('en')} more hidden` : ''
  }`;
  const some = count.toLocaleString('en');
  const what = to ? `${some} sent back` : `${some} looked at`;
  const which = reason === undefined ? '' : ` (${reason})`;
  if (count === 0) return `${what}${which}: ${about}.\n`;
  return `${what}${which}, of ${about}:\n\n${describeGroups(groups, Date.now())}`;
}

function toJson({ code, count, oldestMs, newestMs, examples }: MessageGroup) {
  const [oldest, newest] = [oldestMs, newestMs].map((ms) => new Date(ms).toISOString());
  return { code, count, oldest, newest, examples };
}
