import { Counter, Gauge, type Registry } from 'prom-client';
import type { LlmTask, QuotaState } from '../core/llm.ts';
import type { Metrics } from '../core/ports.ts';
import { llmLabel } from './llm-label.ts';
import { utcDay } from './utc-day.ts';

const tasks = ['explanation', 'rerank'] as const satisfies readonly LlmTask[];
const labels = [
  'ok',
  'cached',
  'nothing_found',
  'quota_exhausted',
  'timeout',
  'unavailable',
  'unusable',
] as const;

/** Questions to language models, what they cost, and how many there may still be today. */
export function createLlmSeries(
  registry: Registry,
  epochMs: () => number = Date.now,
): { readonly count: Metrics['countLlm']; readonly trackQuota: Metrics['trackLlmQuota'] } {
  const { requests, tokens, cost } = createCounters(registry);
  return {
    count(task, outcome) {
      requests.labels(task, llmLabel(outcome)).inc();
      tokens.labels(task, 'input').inc(outcome.input_tokens);
      tokens.labels(task, 'output').inc(outcome.output_tokens);
      cost.labels(task).inc(outcome.cost_usd ?? 0);
    },
    trackQuota: createQuotaGauges(registry, epochMs),
  };
}

function createCounters(registry: Registry) {
  const registers = [registry];
  const requests = new Counter({
    name: 'llm_requests_total',
    help: 'Questions to a language model by what became of them; cached: it was not asked',
    labelNames: ['task', 'outcome'],
    registers,
  });
  const tokens = new Counter({
    name: 'llm_tokens_total',
    help: 'Tokens that a language model read (input) and wrote (output)',
    labelNames: ['task', 'direction'],
    registers,
  });
  const cost = new Counter({
    name: 'llm_cost_usd_total',
    help: 'US dollars that a language model took, by the prices that were set',
    labelNames: ['task'],
    registers,
  });
  for (const task of tasks) {
    for (const label of labels) requests.labels(task, label).inc(0);
    for (const direction of ['input', 'output']) tokens.labels(task, direction).inc(0);
    cost.labels(task).inc(0);
  }
  return { requests, tokens, cost };
}

/** As of the last question. That of yesterday says nothing of today. */
function createQuotaGauges(registry: Registry, epochMs: () => number): Metrics['trackLlmQuota'] {
  const states = new Map<LlmTask, QuotaState & { readonly day: string }>();
  const used = new Gauge({
    name: 'llm_quota_used',
    help: 'Questions to a language model since midnight (UTC), of all processes',
    labelNames: ['task'],
    registers: [registry],
    collect() {
      for (const [task, state] of states) {
        used.set({ task }, state.day === utcDay(epochMs()) ? state.used : 0);
      }
    },
  });
  const limit = new Gauge({
    name: 'llm_quota_limit',
    help: 'Questions to a language model that there may be in a day',
    labelNames: ['task'],
    registers: [registry],
    collect() {
      for (const [task, state] of states) limit.set({ task }, state.limit);
    },
  });
  return (task, state) => void states.set(task, { ...state, day: utcDay(epochMs()) });
}
