import { Duration, Validations } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Alias, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { slowSearchMs } from './slow-search.ts';

/**
 * What is live of a function: its newest version. As a canary that has a tenth of the requests for five
 * minutes, and goes back when an alarm is raised meanwhile.
 */
export function releaseEdge(
  scope: Construct,
  { settings, edge }: { readonly settings: Settings; readonly edge: LambdaFunction },
): Alias {
  const { provisionedConcurrency, release } = settings.edge;
  const alias = new Alias(scope, 'Live', {
    aliasName: 'live',
    version: edge.currentVersion,
    ...(provisionedConcurrency > 0 && { provisionedConcurrentExecutions: provisionedConcurrency }),
  });
  if (release === 'canary') watchRelease(scope, settings, alias);
  return alias;
}

function watchRelease(scope: Construct, settings: Settings, alias: Alias): void {
  const group = new LambdaDeploymentGroup(scope, 'Release', {
    alias,
    deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
    alarms: releaseAlarms(scope, settings, alias),
    autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
  });
  Validations.of(group).acknowledge({
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
    reason:
      'What AWS made for CodeDeploy to shift an alias and to read alarms, for its service principal alone; it has no right to change a function.',
  });
}

const minute = Duration.minutes(1);

function releaseAlarms(scope: Construct, settings: Settings, alias: Alias): Alarm[] {
  const { environment } = settings;
  const slowMs = slowSearchMs(settings);
  const raise = (name: string, because: string, when: Threshold) =>
    new Alarm(scope, `Release-${name}`, {
      alarmName: `picture-search-${environment}-release-edge-${name}`,
      alarmDescription: `Ends a release of the edge: ${because}`,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      metric: when.metric,
      threshold: when.above,
      evaluationPeriods: when.minutes,
    });
  return [
    // A version that does not start, or throws: whatever is expected has an answer, so one is a bug.
    raise('errors', 'an invocation failed', {
      metric: alias.metricErrors({ period: minute, statistic: 'Sum' }),
      above: 0,
      minutes: 1,
    }),
    raise('failures', 'more than 5 % of the answers are a 5xx', {
      metric: shareOfFailures(environment),
      above: 5,
      minutes: 2,
    }),
    // A tenth of the requests is more than the slowest twentieth: a slow canary shows in the P95 of all.
    raise('latency', `P95 of the results is above ${slowMs} ms`, {
      metric: metricOf(environment, 'total_duration', 'p95'),
      above: slowMs,
      minutes: 2,
    }),
  ];
}

interface Threshold {
  readonly metric: IMetric;
  readonly above: number;
  /** All of these in a row. */
  readonly minutes: number;
}

function shareOfFailures(environment: string): MathExpression {
  return new MathExpression({
    expression: '100 * failed / asked',
    usingMetrics: {
      failed: metricOf(environment, 'server_errors', 'Sum'),
      asked: metricOf(environment, 'requests', 'Sum'),
    },
    period: minute,
  });
}

function metricOf(environment: string, metricName: string, statistic: string): Metric {
  return new Metric({
    namespace: 'PictureSearch',
    metricName,
    dimensionsMap: { service: 'edge', environment },
    statistic,
    period: minute,
  });
}
