import { Duration } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  type CreateAlarmOptions,
  type IMetric,
  MathExpression,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import {
  type ApplicationTargetGroup,
  HttpCodeTarget,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { slowSearchMs } from './slow-search.ts';
import { createOwnMetrics } from './alarms-metrics.ts';
import { serviceDimension } from './service-environment.ts';
import type { ServiceTargets } from './service-targets.ts';

const minute = Duration.minutes(1);

interface Sign extends CreateAlarmOptions {
  readonly metric: Metric | MathExpression;
}

/**
 * What ends a release, and puts the version before it back. They look at old and new tasks together,
 * as either group may be the new one. The names of the alarms.
 */
export function createReleaseAlarms(
  scope: Construct,
  settings: Settings,
  targets: Pick<ServiceTargets, 'blue' | 'green'>,
): string[] {
  const signs = {
    errors: errors(targets),
    latency: latency(settings),
    unhealthy: unready(targets),
  };
  return Object.entries(signs).map(([what, { metric, ...options }]) => {
    const alarmName = `picture-search-${settings.environment}-release-service-${what}`;
    const alarm = metric.createAlarm(scope, `release-${what}`, {
      alarmName,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...options,
    });
    // A reference, so that no release begins before the alarm that may end it is there.
    return alarm.alarmName;
  });
}

function errors({ blue, green }: Pick<ServiceTargets, 'blue' | 'green'>): Sign {
  const answered = ({ metrics }: ApplicationTargetGroup) =>
    metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { statistic: Stats.SUM });
  return {
    alarmDescription: 'Tasks of the gpu-service answer 5xx.',
    metric: inBoth([answered(blue), answered(green)]),
    threshold: 5,
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
  };
}

function latency(settings: Settings): Sign {
  const { environment } = settings;
  return {
    alarmDescription:
      'The P95 of searches in the gpu-service is four times what the whole should take.',
    metric: createOwnMetrics(environment, serviceDimension)('total_duration', {
      statistic: Stats.percentile(95),
      period: minute,
    }),
    threshold: slowSearchMs(settings),
    evaluationPeriods: 5,
    datapointsToAlarm: 3,
    // A P95 of a dozen searches is one search.
    evaluateLowSampleCountPercentile: 'ignore',
  };
}

function unready({ blue, green }: Pick<ServiceTargets, 'blue' | 'green'>): Sign {
  const unhealthy = ({ metrics }: ApplicationTargetGroup) =>
    metrics.unhealthyHostCount({ statistic: Stats.MAXIMUM });
  return {
    alarmDescription: 'A task of the gpu-service is not ready, for longer than a start takes.',
    metric: inBoth([unhealthy(blue), unhealthy(green)]),
    threshold: 0,
    evaluationPeriods: 6,
  };
}

/** A group without tasks says nothing. */
function inBoth([a, b]: readonly [IMetric, IMetric]): MathExpression {
  return new MathExpression({
    expression: 'FILL(a, 0) + FILL(b, 0)',
    usingMetrics: { a, b },
    period: minute,
  });
}
