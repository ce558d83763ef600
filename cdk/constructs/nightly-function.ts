import { Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Construct } from 'constructs';
import { BundledFunction, type BundledFunctionProps } from './bundled-function.ts';

export interface NightlyFunctionProps extends Omit<
  BundledFunctionProps,
  'byEvents' | 'reservedConcurrency'
> {
  /** UTC. It begins within a quarter of an hour from then. */
  readonly at: { readonly hour: string; readonly minute: string };
}

/** A function that runs every night, and never twice at the same time. */
export class NightlyFunction extends BundledFunction {
  constructor(scope: Construct, id: string, { at, ...props }: NightlyFunctionProps) {
    super(scope, id, { ...props, byEvents: true, reservedConcurrency: 1 });
    const role = this.createSchedulerRole();
    const { deadLetters } = this;
    const schedule = new Schedule(this, 'Schedule', {
      description: props.description,
      schedule: ScheduleExpression.cron({ ...at, timeZone: TimeZone.ETC_UTC }),
      timeWindow: TimeWindow.flexible(Duration.minutes(15)),
      target: new LambdaInvoke(this.function, {
        role: role.withoutPolicyUpdates(),
        retryAttempts: 3,
        maxEventAge: Duration.hours(1),
        ...(deadLetters && { deadLetterQueue: deadLetters }),
      }),
    });
    schedule.node.addDependency(role);
  }

  /** For the function as it is, without the versions that the target's own role would have besides. */
  private createSchedulerRole(): Role {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const allow = (action: string, resource: string) =>
      role.addToPolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
    allow('lambda:InvokeFunction', this.function.functionArn);
    if (this.deadLetters) allow('sqs:SendMessage', this.deadLetters.queueArn);
    return role;
  }
}
