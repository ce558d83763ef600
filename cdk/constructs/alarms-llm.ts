import { MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Settings } from '../settings.ts';
import { createOwnMetrics, createShare, createSum } from './alarms-metrics.ts';
import type { Alarms } from './alarms.ts';

/** Where language models are on: the quota of the day, and whether they answer. */
export function watchLanguageModels(alarms: Alarms, settings: Settings): void {
  for (const task of llmTasks(settings.llm)) watchTask(alarms, settings, task);
}

/** As the metrics name them. */
export function llmTasks(llm: Settings['llm']): ('explanation' | 'rerank')[] {
  return [
    ...(llm.explanations ? ['explanation' as const] : []),
    ...(llm.reranking ? ['rerank' as const] : []),
  ];
}

function watchTask(alarms: Alarms, settings: Settings, task: 'explanation' | 'rerank'): void {
  const edge = createOwnMetrics(settings.environment, 'edge');
  const statistic = Stats.MAXIMUM;
  alarms.watch({
    what: `llm-quota-${task}`,
    means: `80 % of the questions of a day to the language model (${task}) are asked.`,
    runbook: 'llm-quota',
    metric: new MathExpression({
      expression: 'IF(limit > 0, 100 * used / limit, 0)',
      usingMetrics: {
        used: edge(`llm_${task}_quota_used`, { statistic }),
        limit: edge(`llm_${task}_quota_limit`, { statistic }),
      },
    }),
    threshold: 80,
    periods: 1,
    // Nobody has asked one since the processes began.
    missing: 'good',
  });
  const count = (code: string) => edge(`llm_${task}`, { code });
  const bad = ['timeout', 'unavailable', 'unusable'].map(count);
  alarms.watch({
    what: `llm-failing-${task}`,
    means: `More than half of the questions to the language model (${task}) come to nothing.`,
    runbook: 'llm-failing',
    metric: createShare(createSum(bad, 'bad'), createSum([count('ok'), ...bad], 'all'), {
      least: 5,
    }),
    threshold: 50,
    periods: 2,
    // No questions.
    missing: 'good',
  });
}
