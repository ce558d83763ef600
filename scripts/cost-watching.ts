import { edgeCallUsd, edgeFacts } from './cost-edge.ts';
import { type CostCase, type CostLine, linesOf } from './cost-lines.ts';
import { runsPerMonth } from './cost-pictures.ts';
import { costPrices } from './cost-prices.ts';

/** How much of what watches there is; `cost-counts.test.ts` counts it in the templates. */
const watchingFacts = {
  /** Metrics that alarms look at: one of a share looks at two and more. */
  alarmMetrics: 58,
  /** For each task of a language model. */
  llmAlarmMetrics: 10,
  compositeAlarms: 2,
  /** Names by service and code that are told all the time. An estimate. */
  metrics: 95,
  /** Container Insights of a cluster with one service. An estimate. */
  clusterMetrics: 25,
  /** Of containers, of the network's flows and of the firewall, whatever is asked. An estimate. */
  logGb: 3,
  secrets: 5,
  keys: 1,
  /** 450 measured and some more before them; two thirds of them reach the edge. */
  benchmarkRequests: 520,
  benchmarkEdgeShare: 2 / 3,
  /** 1,769 MB for twenty seconds. */
  benchmarkGbSeconds: 35,
} as const;

const { watch, secrets, lambda, front, firewall, llm } = costPrices;

/** Alarms, metrics, logs, secrets: what is paid for so that somebody can look. */
export function watchingLines({ settings }: CostCase): CostLine[] {
  const facts = watchingFacts;
  const alarms = facts.alarmMetrics + llmTasks(settings.llm) * facts.llmAlarmMetrics;
  // That of the service, and that of the edge that streams.
  const clusters = llmTasks(settings.llm) > 0 ? 2 : 1;
  const kept = facts.logGb * (settings.logRetentionDays / 30);
  const always = (item: string, quantity: number, unit: string, price: number) =>
    ({ item, quantity, unit, price, by: 'always' }) as const;
  return linesOf('watching', [
    always('alarms', alarms, 'metric', watch.alarmMetric),
    always('alarms of alarms', facts.compositeAlarms, 'alarm', watch.compositeAlarm),
    always('metrics of our own', facts.metrics, 'metric', watch.metric),
    always('metrics of containers', clusters * facts.clusterMetrics, 'metric', watch.metric),
    always('dashboard', 1, 'dashboard', watch.dashboard),
    always('logs, written', facts.logGb, 'GB', watch.logsPerGb),
    always('logs, kept', kept, 'GB', watch.logsPerGbMonth),
    always('secrets', facts.secrets + (llmTasks(settings.llm) > 0 ? 1 : 0), 'secret', secrets.each),
    always('key of the alarms', facts.keys, 'key', watch.key),
  ]);
}

/** The benchmark that runs by itself asks as people do, and costs as they do. */
export function benchmarkLines({ settings }: CostCase): CostLine[] {
  const facts = watchingFacts;
  const runs = runsPerMonth(settings.benchmark.everyMinutes);
  const requests = runs * facts.benchmarkRequests;
  const million =
    front.perMillionRequests + firewall.perMillionRequests + front.functionPerMillion * 2;
  const always = (item: string, quantity: number, unit: string, price: number) =>
    ({ item, quantity, unit, price, by: 'always' }) as const;
  return linesOf('benchmark', [
    always('its function', runs * facts.benchmarkGbSeconds, 'GB second', lambda.perGbSecond),
    always('through CloudFront', requests / 1e6, 'million', million),
    always(
      'at the edge',
      (requests * facts.benchmarkEdgeShare) / 1e6,
      'million',
      edgeCallUsd(settings.edge, edgeFacts.missMs) * 1e6,
    ),
  ]);
}

/** Tokens of one question: docs/operations.md, "Language models". */
const tokens = {
  explanation: { input: 600, output: 120 },
  rerank: { input: 2800, output: 60 },
} as const;

/** As much of the quota as is used. */
export function llmLines({ settings, usage }: CostCase): CostLine[] {
  const { explanations, reranking, dailyQuota } = settings.llm;
  const thousands = (dailyQuota * (costPrices.hoursPerMonth / 24) * usage.llmShare) / 1000;
  const ask = (task: keyof typeof tokens, on: boolean) => {
    const { input, output } = tokens[task];
    const each = (input * llm[task].input + output * llm[task].output) / 1e6;
    const quantity = on ? thousands : 0;
    return { item: task, quantity, unit: 'thousand', price: each * 1000, by: 'searches' } as const;
  };
  return linesOf('language models', [ask('explanation', explanations), ask('rerank', reranking)]);
}

function llmTasks({ explanations, reranking }: CostCase['settings']['llm']): number {
  return Number(explanations) + Number(reranking);
}
