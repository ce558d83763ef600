import { Stack } from 'aws-cdk-lib';
import { Alarm, CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';

/**
 * Alarms of earlier stacks that have nobody to tell: those that end a release. Their stack is there
 * before the topic is, so they are told of by one of ours.
 */
export function untoldAlarms(stacks: readonly Stack[]): Alarm[] {
  return stacks
    .flatMap((stack) => stack.node.findAll())
    .filter((construct) => construct instanceof Alarm)
    .filter(isUntold);
}

function isUntold(alarm: Alarm): boolean {
  const resource = alarm.node.defaultChild;
  if (!(resource instanceof CfnAlarm)) return false;
  const actions: unknown = Stack.of(alarm).resolve(resource.alarmActions);
  return !Array.isArray(actions) || actions.length === 0;
}
