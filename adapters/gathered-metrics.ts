import { Counter, Histogram, type Registry } from 'prom-client';
import type { Stage } from '../core/ports.ts';
import { stages } from './stage-windows.ts';

/**
 * What happens is gathered here, and prom-client told of many at once: among the other work of a
 * request it takes ten times as long as in a row, which was a fifth of an answer from the cache.
 */
const maxGathered = 512;

/** A histogram by stage. */
export function createStageHistogram(
  registry: Registry,
  options: { readonly name: string; readonly help: string; readonly buckets: number[] },
): { observe(stage: Stage, seconds: number): void } {
  const gathered = new Map(stages.map((stage) => [stage, [] as number[]]));
  const tell = (stage: Stage, values: number[]): void => {
    for (const seconds of values.splice(0)) histogram.observe({ stage }, seconds);
  };
  const histogram = new Histogram({
    ...options,
    labelNames: ['stage'],
    registers: [registry],
    collect: () => {
      for (const [stage, values] of gathered) tell(stage, values);
    },
  });
  for (const stage of stages) histogram.zero({ stage });
  return {
    observe(stage, seconds) {
      const values = gathered.get(stage) ?? [];
      values.push(seconds);
      if (values.length >= maxGathered) tell(stage, values);
    },
  };
}

/** A counter; `known` are values of its first label that are there from the beginning. */
export function createEventCounter(
  registry: Registry,
  options: {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly string[];
    readonly known?: readonly string[];
  },
): { count(first: string, second?: string, third?: string): void } {
  const { name, help, labelNames, known = [] } = options;
  const gathered = new Map<string, { readonly labels: string[]; count: number }>();
  const counter = new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect: () => {
      for (const { labels, count } of gathered.values()) counter.labels(...labels).inc(count);
      gathered.clear();
    },
  });
  for (const label of known) counter.labels(label).inc(0);
  return {
    count(first, second = '', third = '') {
      const key = `${first} ${second} ${third}`;
      const same = gathered.get(key);
      if (same) same.count += 1;
      else
        gathered.set(key, { labels: [first, second, third].slice(0, labelNames.length), count: 1 });
    },
  };
}
