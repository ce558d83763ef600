import { type Alarm, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { createSum } from './alarms-metrics.ts';
import type { Alarms } from './alarms.ts';

/** The load balancer and its groups as `AWS/ApplicationELB` knows them. */
export interface BalancerNames {
  readonly balancerFullName: string;
  readonly targetGroupNames: readonly string[];
}

/** The load balancer's own failures, and targets that do not answer it. */
export function watchBalancer(alarms: Alarms, names: BalancerNames): Alarm[] {
  const { balancerFullName, targetGroupNames } = names;
  const failing = alarms.watch({
    what: 'balancer-failing',
    means: 'The load balancer answers 5xx by itself: no healthy target, no connection, no time.',
    metric: balancerMetric('HTTPCode_ELB_5XX_Count', balancerFullName, Stats.SUM),
    threshold: 10,
    periods: 2,
    // It is told only where there are some.
    missing: 'good',
  });
  if (targetGroupNames.length === 0) return [failing];
  alarms.watch({
    what: 'unhealthy-targets',
    means: 'A task of the gpu-service does not answer its health check.',
    metric: createSum(
      targetGroupNames.map((TargetGroup) =>
        balancerMetric('UnHealthyHostCount', balancerFullName, Stats.MAXIMUM, { TargetGroup }),
      ),
    ),
    threshold: 0,
    // A task that starts is unhealthy for a while, and a model takes minutes to load.
    periods: 3,
    // No targets: `service-tasks` tells.
    missing: 'good',
  });
  return [failing];
}

export function balancerMetric(
  metricName: string,
  LoadBalancer: string,
  statistic: string,
  more: Readonly<Record<string, string>> = {},
): Metric {
  const dimensionsMap = { LoadBalancer, ...more };
  return new Metric({ namespace: 'AWS/ApplicationELB', metricName, dimensionsMap, statistic });
}
