import { describe, expect, it } from 'vitest';
import { createPrometheusMetrics } from './prometheus-metrics.ts';
import { stages } from './stage-windows.ts';

const now = () => performance.now();

describe('the exposition', () => {
  it('has how long each stage took, from a quarter of a millisecond on', async () => {
    const metrics = createPrometheusMetrics(now);
    for (const ms of [0.2, 0.4, 3, 1500, 60_000]) metrics.observe('total', ms);
    const lines = await expose(metrics);
    const bucket = (le: string) =>
      lines.get(`search_stage_duration_seconds_bucket{le="${le}",stage="total"}`);
    expect(['0.00025', '0.0005', '0.005', '2', '10', '+Inf'].map(bucket)).toEqual([
      1, 2, 3, 4, 4, 5,
    ]);
    expect(lines.get('search_stage_duration_seconds_count{stage="total"}')).toBe(5);
    expect(lines.get('search_stage_duration_seconds_sum{stage="total"}')).toBeCloseTo(61.5036);
  });

  it('has every stage, state and hit from the start, so that the first one is an increase', async () => {
    const lines = await expose(createPrometheusMetrics(now));
    for (const stage of stages) {
      expect(lines.get(`search_stage_duration_seconds_count{stage="${stage}"}`)).toBe(0);
    }
    for (const state of ['hit', 'miss', 'bypass']) {
      expect(lines.get(`cache_requests_total{state="${state}"}`)).toBe(0);
    }
    for (const hit of ['true', 'false']) {
      expect(lines.get(`text_cache_lookups_total{hit="${hit}"}`)).toBe(0);
    }
  });

  it('counts requests, cache states, texts and batches', async () => {
    const metrics = createPrometheusMetrics(now);
    metrics.countRequest('/search', 200, 'ok');
    metrics.countRequest('/search', 200, 'ok');
    metrics.countRequest('/search', 503, 'overloaded');
    metrics.countCache('hit');
    metrics.countTextLookup(true);
    metrics.countTextLookup(false);
    metrics.observeBatch(3);
    metrics.observeBatch(32);
    const lines = await expose(metrics);
    expect(lines.get('http_requests_total{route="/search",status="200",code="ok"}')).toBe(2);
    expect(lines.get('http_requests_total{route="/search",status="503",code="overloaded"}')).toBe(
      1,
    );
    expect(lines.get('cache_requests_total{state="hit"}')).toBe(1);
    expect(lines.get('text_cache_lookups_total{hit="true"}')).toBe(1);
    expect(lines.get('text_cache_lookups_total{hit="false"}')).toBe(1);
    expect(lines.get('encoder_batch_texts_bucket{le="2"}')).toBe(0);
    expect(lines.get('encoder_batch_texts_bucket{le="4"}')).toBe(1);
    expect(lines.get('encoder_batch_texts_sum')).toBe(35);
  });

  it('asks a queue how long it is each time somebody looks', async () => {
    const metrics = createPrometheusMetrics(now);
    let depth = 3;
    metrics.trackQueue('texts', () => depth);
    metrics.trackQueue('searches', () => 1);
    expect((await expose(metrics)).get('queue_depth{queue="texts"}')).toBe(3);
    depth = 0;
    const lines = await expose(metrics);
    expect(lines.get('queue_depth{queue="texts"}')).toBe(0);
    expect(lines.get('queue_depth{queue="searches"}')).toBe(1);
  });

  it('tells of language models', async () => {
    const metrics = createPrometheusMetrics(now);
    metrics.trackLlmQuota('explanation', { used: 8, limit: 10 });
    const cost = { cached: false, input_tokens: 3, output_tokens: 4, cost_usd: 0.5 };
    metrics.countLlm('explanation', { outcome: 'ok', ...cost });
    const lines = await expose(metrics);
    expect(lines.get('llm_requests_total{task="explanation",outcome="ok"}')).toBe(1);
    expect(lines.get('llm_cost_usd_total{task="explanation"}')).toBe(0.5);
    expect(lines.get('llm_quota_used{task="explanation"}')).toBe(8);
  });

  it('stays small whatever routes and codes there are', async () => {
    const metrics = createPrometheusMetrics(now);
    for (let n = 0; n < 1000; n += 1) metrics.countRequest(`/images/${n}`, 404, `code_${n}`);
    metrics.countRequest('/images/0', 404, 'toString');
    const lines = [...(await expose(metrics))].filter(([name]) => name.startsWith('http_'));
    expect(lines.length).toBeLessThan(100);
    expect(lines.reduce((sum, [, count]) => sum + count, 0)).toBe(1001);
    expect(lines.filter(([name]) => !name.includes('code="other"'))).toEqual([]);
  });

  it('tells of the process where it is asked to', async () => {
    const names = (lines: ReadonlyMap<string, number>) =>
      [
        'process_resident_memory_bytes',
        'process_cpu_seconds_total',
        'nodejs_eventloop_lag_p99_seconds',
      ].filter((name) => lines.has(name));
    expect(names(await expose(createPrometheusMetrics(now)))).toEqual([]);
    expect(names(await expose(createPrometheusMetrics(now, { ofProcess: true })))).toHaveLength(3);
  });
});

it('has exact percentiles of every stage, and how long it has been up', () => {
  let time = 1000;
  const metrics = createPrometheusMetrics(() => time);
  for (let ms = 1; ms <= 100; ms += 1) metrics.observe('remote', ms);
  time += 61_234;
  expect(metrics.uptimeSeconds()).toBe(61.2);
  expect(metrics.summaries()).toMatchObject({
    remote: { count: 100, p50_ms: 50, p95_ms: 95, p99_ms: 99, mean_ms: 50.5 },
    total: { count: 0, p50_ms: 0 },
  });
});

async function expose(metrics: ReturnType<typeof createPrometheusMetrics>) {
  const { contentType, body } = await metrics.exposition();
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
