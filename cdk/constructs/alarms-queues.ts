import { Stack } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Alarms } from './alarms.ts';

/** Nothing may wait longer: uploads are searchable seconds later. */
const maxAgeSeconds = 900;

/**
 * Every queue of these stacks, found and not named: one that somebody adds is watched without anybody
 * thinking of it. A queue without a dead-letter queue is one.
 */
export function watchQueues(alarms: Alarms, stacks: readonly Stack[]): void {
  for (const { queue, name } of queuesOf(stacks)) {
    if (isDeadLetterQueue(queue)) watchDeadLetters(alarms, queue, name);
    else watchAge(alarms, queue, name);
  }
}

export function queuesOf(stacks: readonly Stack[]): { queue: Queue; name: string }[] {
  return stacks.flatMap((stack) =>
    stack.node
      .findAll()
      .filter((construct) => construct instanceof Queue)
      // A stack that is made within another's constructor is no part of it.
      .filter((queue) => Stack.of(queue) === stack)
      .map((queue) => ({ queue, name: nameOf(queue, stack) })),
  );
}

export function isDeadLetterQueue(queue: Queue): boolean {
  return queue.deadLetterQueue === undefined;
}

function watchDeadLetters(alarms: Alarms, queue: Queue, name: string): void {
  alarms.watch({
    what: `${name}-not-empty`,
    means: 'Something failed so often that it was put aside.',
    runbook: 'dead-letters',
    metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }),
    threshold: 0,
    periods: 1,
    // SQS tells nothing of a queue that nobody has used for hours: it is empty, or it was told before.
    missing: 'good',
  });
}

function watchAge(alarms: Alarms, queue: Queue, name: string): void {
  alarms.watch({
    what: `${name}-old`,
    means: `Messages wait for more than ${maxAgeSeconds / 60} minutes: what was uploaded is not found.`,
    runbook: 'queue-old',
    metric: queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM }),
    threshold: maxAgeSeconds,
    periods: 3,
    // As above: nothing waits.
    missing: 'good',
  });
}

/** `data-events-queue` of `picture-search-prod-data/Events/Queue`; what stands twice in a row, once. */
function nameOf(queue: Queue, stack: Stack): string {
  const part = stack.stackName.split('-').at(-1) ?? '';
  const path = queue.node.path.slice(stack.node.path.length + 1);
  const names = [part, ...path.split('/')].map(kebab);
  return names.filter((name, index) => name !== names[index - 1]).join('-');
}

function kebab(id: string): string {
  return id.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}
