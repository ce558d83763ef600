import { Duration } from 'aws-cdk-lib';
import { GraphWidget, type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';

/** Four in a row. */
export const width = 6;
const height = 6;

export function graph(
  title: string,
  left: readonly IMetric[],
  options: {
    readonly right?: readonly IMetric[];
    readonly unit?: string;
    /** A line that should not be crossed. */
    readonly limit?: number;
    readonly width?: number;
  } = {},
): GraphWidget {
  const { right = [], unit, limit } = options;
  return new GraphWidget({
    title,
    left: [...left],
    right: [...right],
    width: options.width ?? width,
    height,
    leftYAxis: { min: 0, showUnits: false, ...(unit !== undefined && { label: unit }) },
    rightYAxis: { min: 0, showUnits: false },
    leftAnnotations: limit === undefined ? [] : [{ value: limit }],
  });
}

/** What is counted, per second. In one graph no two have the same id. */
export function rate(metric: IMetric, label: string, id: string): MathExpression {
  return new MathExpression({
    expression: `${id} / PERIOD(${id})`,
    usingMetrics: { [id]: metric },
    label,
    period: Duration.minutes(5),
  });
}
