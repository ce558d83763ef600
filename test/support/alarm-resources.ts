import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';

/** A number, or a text, or what CloudFormation will put there. */
const Dimension = z.object({ Name: z.string(), Value: z.unknown() });
const MetricStat = z.object({
  Metric: z.object({
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: z.array(Dimension).default([]),
  }),
  Period: z.int(),
});

/** An alarm as the template has it. */
export const AlarmResource = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.unknown()).default([]),
  OKActions: z.array(z.unknown()).default([]),
  TreatMissingData: z.enum(['notBreaching', 'breaching', 'ignore']).optional(),
  EvaluationPeriods: z.int(),
  DatapointsToAlarm: z.int().optional(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: z.array(Dimension).default([]),
  Period: z.int().optional(),
  Threshold: z.number().optional(),
  Metrics: z
    .array(z.object({ MetricStat: MetricStat.optional(), Expression: z.string().optional() }))
    .default([]),
});
export type AlarmResource = z.infer<typeof AlarmResource>;

export interface AskedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly { readonly Name: string; readonly Value?: unknown }[];
  readonly period: number;
}

export function alarmsOf(template: Template): AlarmResource[] {
  const found = template.findResources('AWS::CloudWatch::Alarm');
  return Object.values(found).map(({ ['Properties']: own }) => AlarmResource.parse(own));
}

/** Every metric that an alarm looks at. */
export function metricsOf(alarm: AlarmResource): AskedMetric[] {
  const { Namespace: namespace, MetricName: name, Dimensions: dimensions, Period: period } = alarm;
  if (namespace !== undefined && name !== undefined) {
    return [{ namespace, name, dimensions, period: period ?? 0 }];
  }
  return alarm.Metrics.flatMap(({ MetricStat: one }) =>
    one === undefined
      ? []
      : [
          {
            namespace: one.Metric.Namespace,
            name: one.Metric.MetricName,
            dimensions: one.Metric.Dimensions,
            period: one.Period,
          },
        ],
  );
}

/** The row of docs/operations.md that a description names. */
export function runbookOf({ AlarmDescription: text }: { readonly AlarmDescription: string }) {
  return /See docs\/operations\.md, "When alarms ring": ([a-z0-9-]+)\.$/.exec(text)?.[1];
}
