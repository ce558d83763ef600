import type { Settings } from '../cdk/settings.ts';
import { type CostCase, type CostLine, linesOf } from './cost-lines.ts';
import { costPrices } from './cost-prices.ts';

/** What is taken for granted of one search at the edge. */
export const edgeFacts = {
  /** A function waits for the service, and pays for that too. */
  missMs: 40,
  hitMs: 5,
  /** A line of the log, metrics, and what Lambda writes of a call. */
  logKb: 1.5,
  /** Generation, answer, rate limit; and to keep the answer of a miss, of 5 KB. */
  cacheUnitsPerSearch: 4,
  cacheUnitsPerMiss: 6,
  /** Of what the cache may have. */
  cacheFull: 0.2,
} as const;

const secondsPerMonth = costPrices.hoursPerMonth * 3600;

/** Searches that reach the edge. */
function edgeSearches({ usage }: CostCase): number {
  return usage.searchesPerMonth * (1 - usage.hitShare);
}

/** Searches that the service answers. */
function serviceSearches(asked: CostCase): number {
  return edgeSearches(asked) * (1 - asked.usage.cacheShare);
}

/** USD of one call of the edge: one place for searches and for the benchmark. */
export function edgeCallUsd(edge: Settings['edge'], ms: number): number {
  const { lambda } = costPrices;
  const second =
    edge.provisionedConcurrency > 0 ? lambda.onProvisionedPerGbSecond : lambda.perGbSecond;
  return lambda.perMillion / 1e6 + (edge.memoryMb / 1024) * (ms / 1000) * second;
}

export function edgeLines(asked: CostCase): CostLine[] {
  const { edge } = asked.settings;
  const misses = serviceSearches(asked);
  const hits = edgeSearches(asked) - misses;
  const waiting = edge.provisionedConcurrency * (edge.memoryMb / 1024) * secondsPerMonth;
  const { lambda, watch } = costPrices;
  const calls = (item: string, count: number, ms: number) =>
    ({
      item,
      quantity: count / 1e6,
      unit: 'million',
      price: edgeCallUsd(edge, ms) * 1e6,
      by: 'searches',
    }) as const;
  return linesOf('edge', [
    {
      item: `${edge.provisionedConcurrency} warm instances`,
      quantity: waiting,
      unit: 'GB second',
      price: lambda.provisionedPerGbSecond,
      by: 'always',
    },
    streaming(asked.settings),
    calls('searches that are not cached', misses, edgeFacts.missMs),
    calls('searches that are cached', hits, edgeFacts.hitMs),
    ...logs(asked, ((misses + hits) * edgeFacts.logKb) / 1e6, watch),
  ]);
}

/** The edge as containers, half a processor and a GB each, where a language model is on. */
function streaming({ llm, keepData }: Settings): Omit<CostLine, 'part'> {
  const tasks = llm.explanations || llm.reranking ? (keepData ? 2 : 1) : 0;
  const { fargate, hoursPerMonth } = costPrices;
  return {
    item: 'containers that stream',
    quantity: tasks * hoursPerMonth,
    unit: 'hour',
    price: 0.5 * fargate.vcpuPerHour + fargate.gbPerHour,
    by: 'always',
  };
}

function logs(
  { settings }: CostCase,
  gb: number,
  price: { readonly logsPerGb: number; readonly logsPerGbMonth: number },
): Omit<CostLine, 'part'>[] {
  const kept = gb * (settings.logRetentionDays / 30);
  const by = 'searches';
  return [
    { item: 'log, written', quantity: gb, unit: 'GB', price: price.logsPerGb, by },
    { item: 'log, kept', quantity: kept, unit: 'GB', price: price.logsPerGbMonth, by },
  ];
}

export function cacheLines(asked: CostCase): CostLine[] {
  const { cache: price, hoursPerMonth } = costPrices;
  const gb = Math.max(price.leastGb, asked.settings.cache.maxGb * edgeFacts.cacheFull);
  const units =
    edgeSearches(asked) * edgeFacts.cacheUnitsPerSearch +
    serviceSearches(asked) * edgeFacts.cacheUnitsPerMiss;
  return linesOf('cache', [
    {
      item: 'Valkey, what is kept',
      quantity: gb * hoursPerMonth,
      unit: 'GB hour',
      price: price.perGbHour,
      by: 'always',
    },
    {
      item: 'Valkey, requests',
      quantity: units / 1e6,
      unit: 'million',
      price: price.perMillionUnits,
      by: 'searches',
    },
  ]);
}
