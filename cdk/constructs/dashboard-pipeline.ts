import { Duration } from 'aws-cdk-lib';
import { type GraphWidget, type IWidget, Stats, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { llmTasks } from './alarms-llm.ts';
import { createOwnMetrics } from './alarms-metrics.ts';
import { isDeadLetterQueue, queuesOf } from './alarms-queues.ts';
import type { System } from './alarms-system.ts';
import { graph } from './dashboard-widgets.ts';

/** From an upload to what is found, and the nightly runs. */
export function pipelineWidgets({ settings, stacks }: System): IWidget[] {
  const pictures = createOwnMetrics(settings.environment, 'index-images');
  const queues = queuesOf(stacks);
  const statistic = Stats.MAXIMUM;
  const dead = queues.filter(({ queue }) => isDeadLetterQueue(queue));
  const alive = queues.filter((queue) => !dead.includes(queue));
  return [
    graph(
      'Oldest message, seconds',
      alive.map(({ queue, name: label }) =>
        queue.metricApproximateAgeOfOldestMessage({ statistic, label }),
      ),
    ),
    graph(
      'Pictures',
      ['indexed', 'skipped', 'removed', 'rejected', 'retried', 'dead_lettered'].map((name) =>
        pictures(name, { label: name }),
      ),
    ),
    graph(
      'Put aside',
      dead.map(({ queue, name: label }) =>
        queue.metricApproximateNumberOfMessagesVisible({ statistic, label }),
      ),
    ),
    graph('Bucket against index', reconciled(settings.environment)),
  ];
}

function reconciled(environment: string) {
  const reconcile = createOwnMetrics(environment, 'reconcile');
  return ['missing', 'stale', 'orphans', 'leftovers'].map((name) =>
    reconcile(name, { label: name, period: Duration.days(1) }),
  );
}

/** Whether the target is met, what language models cost, and what all of it may cost. */
export function moneyWidgets({ settings }: System): IWidget[] {
  const { environment, monthlyBudgetUsd, benchmark: target } = settings;
  const benchmark = createOwnMetrics(environment, 'benchmark');
  const period = Duration.minutes(target.everyMinutes);
  const p95 = (name: string, label: string) =>
    benchmark(name, { statistic: Stats.MAXIMUM, period, label });
  const budget = [
    `Budget: ${monthlyBudgetUsd.toLocaleString('en')} USD a month, by the tag \`environment\` =`,
    `\`${environment}\` (Billing, Budgets).\n\nWhat it should cost, by part:`,
    `\`npm run cost -- -c env=${environment}\``,
  ].join(' ');
  return [
    graph('Benchmark, P95', [p95('cold_p95', 'cache cold'), p95('warm_p95', 'cache warm')], {
      unit: 'ms',
      limit: target.targetP95Ms,
    }),
    graph('Benchmark, failures', [benchmark('failures', { period, label: 'failed' })]),
    ...llmWidgets(environment, llmTasks(settings.llm)),
    new TextWidget({ markdown: budget, width: 6, height: 6 }),
  ];
}

function llmWidgets(environment: string, tasks: readonly string[]): GraphWidget[] {
  const edge = createOwnMetrics(environment, 'edge');
  if (tasks.length === 0) return [];
  return [
    graph(
      'Language models',
      tasks.map((task) => edge(`llm_${task}_cost_usd`, { label: `${task}, USD` })),
      {
        right: tasks.flatMap((task) => [
          edge(`llm_${task}_quota_used`, {
            statistic: Stats.MAXIMUM,
            label: `${task}, asked today`,
          }),
          edge(`llm_${task}_quota_limit`, { statistic: Stats.MAXIMUM, label: `${task}, at most` }),
        ]),
      },
    ),
  ];
}
