import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';

/** Who writes metrics of our own, as `service` in their dimensions. */
export type MetricsService =
  | 'edge'
  | 'gpu-service'
  | 'index-images'
  | 'reconcile'
  | 'snapshot'
  | 'benchmark';

export interface Asked {
  /** `Sum` where nothing is said. */
  readonly statistic?: string;
  /** Five minutes where nothing is said. */
  readonly period?: Duration;
  /** Of the counts that are filed by code besides. */
  readonly code?: string;
  readonly label?: string;
}

/** Metrics that our own processes write, as lines of CloudWatch's embedded metric format. */
export function createOwnMetrics(environment: string, service: MetricsService) {
  return (metricName: string, asked: Asked = {}): Metric => {
    const { statistic = Stats.SUM, period = Duration.minutes(5), code, label } = asked;
    const dimensionsMap = { service, environment, ...(code !== undefined && { code }) };
    const named = { ...(label !== undefined && { label }) };
    return new Metric({ namespace, metricName, dimensionsMap, statistic, period, ...named });
  };
}

export const namespace = 'PictureSearch';

/** A share in percent. Of less than `least` it is 0: one failure at night is no hundred percent. */
export function createShare(
  part: IMetric,
  whole: IMetric,
  options: { readonly least: number; readonly period?: Duration; readonly label?: string },
): MathExpression {
  const { least, period = Duration.minutes(5), label } = options;
  return new MathExpression({
    expression: `IF(whole >= ${least}, 100 * FILL(part, 0) / whole, 0)`,
    usingMetrics: { part, whole },
    period,
    ...(label !== undefined && { label }),
  });
}

/**
 * What several count together, where some of them may not have begun to count.
 * @param name Another one for each sum within one expression.
 */
export function createSum(metrics: readonly IMetric[], name = 'sum'): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, n) => [`${name}${n}`, metric]));
  const expression = Object.keys(usingMetrics)
    .map((id) => `FILL(${id}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics, period: Duration.minutes(5) });
}
