export interface EmfMetric {
  readonly unit: 'Milliseconds' | 'Count' | 'Percent' | 'Bytes';
  /** One number, or up to 100 that CloudWatch takes for as many measurements. */
  readonly values: number | readonly number[];
}

/** Numbers of one metric that a document may have. */
export const maxValues = 100;

export interface EmfDocument {
  readonly epochMs: number;
  readonly namespace: string;
  /** All dimensions with their values. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** Under which of them the metrics are filed, each a metric of its own. */
  readonly dimensionSets: readonly (readonly string[])[];
  readonly metrics: ReadonlyMap<string, EmfMetric>;
}

/** One line of CloudWatch's embedded metric format, with its end. */
export function formatEmf(document: EmfDocument): string {
  const { epochMs, namespace, dimensions, dimensionSets, metrics } = document;
  const definitions = [...metrics].map(([Name, { unit: Unit }]) => ({ Name, Unit }));
  const line = JSON.stringify({
    _aws: {
      Timestamp: Math.trunc(epochMs),
      CloudWatchMetrics: [
        { Namespace: namespace, Dimensions: dimensionSets, Metrics: definitions },
      ],
    },
    ...dimensions,
    ...Object.fromEntries([...metrics].map(([name, { values }]) => [name, values])),
  });
  return `${line}\n`;
}
