import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { LlmOutcome } from '../core/model.ts';
import { createLlmSeries } from './llm-series.ts';

const answered: LlmOutcome = {
  outcome: 'ok',
  cached: false,
  input_tokens: 400,
  output_tokens: 50,
  cost_usd: 0.002,
};
const nothing = { input_tokens: 0, output_tokens: 0, cost_usd: null };

function create() {
  let nowMs = Date.UTC(2030, 0, 31, 23, 59);
  const registry = new Registry();
  const series = createLlmSeries(registry, () => nowMs);
  const read = async (line: string) => {
    const found = (await registry.metrics())
      .split('\n')
      .find((candidate) => candidate.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  };
  return { ...series, read, pass: (ms: number) => void (nowMs += ms) };
}

describe('what is measured of language models', () => {
  it('is questions by what became of them, tokens, and what they cost', async () => {
    const { count, read } = create();
    count('explanation', answered);
    count('explanation', { ...answered, ...nothing, cached: true, cost_usd: 0 });
    count('explanation', { ...answered, ...nothing, outcome: 'timeout' });
    count('rerank', { ...answered, outcome: 'unusable' });
    const requests = (task: string, outcome: string) =>
      read(`llm_requests_total{task="${task}",outcome="${outcome}"}`);
    expect(await requests('explanation', 'ok')).toBe(1);
    expect(await requests('explanation', 'cached')).toBe(1);
    expect(await requests('explanation', 'timeout')).toBe(1);
    expect(await requests('rerank', 'unusable')).toBe(1);
    expect(await requests('rerank', 'ok')).toBe(0);
    expect(await read('llm_tokens_total{task="explanation",direction="input"}')).toBe(400);
    expect(await read('llm_tokens_total{task="rerank",direction="output"}')).toBe(50);
    expect(await read('llm_cost_usd_total{task="explanation"}')).toBe(0.002);
  });

  it('is the quota since the first question, and none of it used when the day is over', async () => {
    const { trackQuota, read, pass } = create();
    expect(await read('llm_quota_used{task="rerank"}')).toBeUndefined();
    trackQuota('rerank', { used: 7, limit: 10 });
    expect(await read('llm_quota_used{task="rerank"}')).toBe(7);
    expect(await read('llm_quota_limit{task="rerank"}')).toBe(10);
    pass(60_000);
    expect(await read('llm_quota_used{task="rerank"}')).toBe(0);
    expect(await read('llm_quota_limit{task="rerank"}')).toBe(10);
    trackQuota('rerank', { used: 1, limit: 10 });
    expect(await read('llm_quota_used{task="rerank"}')).toBe(1);
  });
});
