import { type EmfMetric, formatEmf, maxValues } from './emf-document.ts';

export interface EmfCollectionOptions {
  /** Milliseconds since 1970: the moment that CloudWatch files the values under. */
  readonly epochMs: () => number;
  /**
   * Takes one line, with its end. On Lambda that is `process.stdout.write`: what `console.log` writes
   * there has a prefix, and is no document any more.
   */
  readonly write: (line: string) => void;
  /** Where CloudWatch shows them: not `AWS/…`, and no colon in front. */
  readonly namespace: string;
  /** Every pair of the two is a set of metrics of its own, and paid for. */
  readonly service: string;
  readonly environment: string;
}

/** What is measured between two flushes. */
export interface EmfCollection {
  /** One measurement, kept by itself: percentiles are exact. */
  add(name: string, unit: EmfMetric['unit'], value: number): void;
  /** Summed up. With a code it is filed twice: in all, and under that code. */
  count(name: string, more: number, code?: string): void;
  /** A number that is asked for at every flush that has something else to write. */
  track(name: string, value: () => number): void;
  /** Writes what came together since the last time; to be called when an invocation ends. */
  flush(): void;
}

/** Metrics for CloudWatch, as lines of its embedded metric format: no agent, no call, no wait. */
export function createEmfCollection(options: EmfCollectionOptions): EmfCollection {
  const values = new Map<string, { unit: EmfMetric['unit']; values: number[] }>();
  const counts = new Map<string, number>();
  const byCode = new Map<string, Map<string, number>>();
  const tracked = new Map<string, () => number>();

  function flush(): void {
    const metrics = new Map<string, EmfMetric>(values);
    for (const [name, total] of counts) metrics.set(name, countOf(total));
    if (metrics.size > 0) {
      for (const [name, value] of tracked) metrics.set(name, countOf(value()));
      options.write(format(options, metrics));
    }
    for (const [name, codes] of byCode) {
      for (const [code, total] of codes) {
        options.write(format(options, new Map([[name, countOf(total)]]), code));
      }
    }
    for (const written of [values, counts, byCode]) written.clear();
  }

  return {
    add(name, unit, value) {
      if (!Number.isFinite(value)) return;
      const known = values.get(name) ?? { unit, values: [] };
      values.set(name, known);
      known.values.push(value);
      // A long invocation writes earlier: a line takes no more.
      if (known.values.length >= maxValues) flush();
    },
    count(name, more, code) {
      if (code === undefined) return raise(counts, name, more);
      const codes = byCode.get(name) ?? new Map<string, number>();
      byCode.set(name, codes);
      raise(codes, code, more);
    },
    track: (name, value) => void tracked.set(name, value),
    flush,
  };
}

function format(
  { epochMs, namespace, service, environment }: EmfCollectionOptions,
  metrics: ReadonlyMap<string, EmfMetric>,
  code?: string,
): string {
  const own = { service, environment };
  const dimensions = code === undefined ? own : { ...own, code };
  const dimensionSets = [
    Object.keys(own),
    ...(code === undefined ? [] : [Object.keys(dimensions)]),
  ];
  return formatEmf({ epochMs: epochMs(), namespace, dimensions, dimensionSets, metrics });
}

function raise(map: Map<string, number>, name: string, more: number): void {
  map.set(name, (map.get(name) ?? 0) + more);
}

function countOf(total: number): EmfMetric {
  return { unit: 'Count', values: total };
}
