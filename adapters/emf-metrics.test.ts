import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createEmfMetrics } from './emf-metrics.ts';
import { stages } from './stage-windows.ts';

// The rules are those of CloudWatch's documents on the embedded metric format and on PutMetricData:
// one JSON object per event, of 1 MB at most; 100 metrics per directive and 100 values per metric;
// 30 dimensions per set, each a member of the root with an ASCII text of 1 to 1,024 characters.

const Name = z
  .string()
  .regex(/^(?!:)[\x20-\x7e]*\S[\x20-\x7e]*$/)
  .max(255);
const DimensionValue = z
  .string()
  .regex(/^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/)
  .max(1024);
const Numbers = z.union([z.number(), z.array(z.number()).min(1).max(100)]);
const Event = z.looseObject({
  _aws: z.strictObject({
    Timestamp: z.int().positive(),
    CloudWatchMetrics: z
      .array(
        z.strictObject({
          Namespace: z
            .string()
            .regex(/^(?!AWS\/)[^:]/)
            .max(255),
          Dimensions: z.array(z.array(Name).max(30)).min(1),
          Metrics: z
            .array(z.strictObject({ Name, Unit: z.enum(['Milliseconds', 'Count']) }))
            .min(1)
            .max(100),
        }),
      )
      .min(1),
  }),
});

const start = Date.UTC(2030, 0, 1);

let lines: string[] = [];
beforeEach(() => {
  lines = [];
});

describe('the lines for CloudWatch', () => {
  it('have all that was measured', () => {
    const metrics = createMetrics();
    for (const stage of stages) {
      metrics.observe(stage, 1.5);
      metrics.observe(stage, 2.25);
    }
    for (const state of ['hit', 'miss', 'bypass', 'hit'] as const) metrics.countCache(state);
    for (const hit of [true, false]) metrics.countTextLookup(hit);
    metrics.countRequest('/search', 200, 'ok');
    metrics.countRequest('/search', 422, 'invalid_field');
    metrics.countRequest('/search', 503, 'overloaded');
    metrics.countRequest('/search', 503, 'overloaded');
    metrics.observeBatch(7);
    metrics.trackQueue('texts', () => 3);
    metrics.flush();
    const [all, ...failures] = read();
    expect(all?.values).toEqual({
      cache_duration: [1.5, 2.25],
      remote_duration: [1.5, 2.25],
      embedding_duration: [1.5, 2.25],
      search_duration: [1.5, 2.25],
      rerank_duration: [1.5, 2.25],
      explanation_duration: [1.5, 2.25],
      total_duration: [1.5, 2.25],
      cache_hit: 2,
      cache_miss: 1,
      cache_bypass: 1,
      text_cache_hit: 1,
      text_cache_miss: 1,
      requests: 4,
      server_errors: 2,
      encoder_batch_texts: [7],
      queue_depth_texts: 3,
    });
    expect(all?.sets).toEqual([{ service: 'edge', environment: 'staging' }]);
    expect(failures).toMatchObject([
      { values: { failures: 1 }, sets: [{}, { code: 'invalid_field' }] },
      { values: { failures: 2 }, sets: [{}, { code: 'overloaded' }] },
    ]);
  });

  it('have what was asked of language models, what it cost, and the quota', () => {
    const metrics = createMetrics();
    const cost = { cached: false, input_tokens: 300, output_tokens: 40, cost_usd: 0.25 };
    const nothing = { cached: true, input_tokens: 0, output_tokens: 0, cost_usd: 0 };
    metrics.trackLlmQuota('explanation', { used: 7, limit: 10 });
    metrics.trackLlmQuota('explanation', { used: 8, limit: 10 });
    metrics.countLlm('explanation', { outcome: 'ok', ...cost });
    metrics.countLlm('explanation', { outcome: 'ok', ...nothing });
    metrics.countLlm('explanation', { outcome: 'timeout', ...cost, cost_usd: null });
    metrics.flush();
    const [all, ...byOutcome] = read();
    expect(all?.values).toEqual({
      llm_explanation_input_tokens: 600,
      llm_explanation_output_tokens: 80,
      llm_explanation_cost_usd: 0.25,
      llm_explanation_quota_used: 8,
      llm_explanation_quota_limit: 10,
    });
    expect(byOutcome).toMatchObject(
      ['ok', 'cached', 'timeout'].map((code) => ({
        values: { llm_explanation: 1 },
        sets: [{}, { code }],
      })),
    );
  });

  it('have none of the quota used when its day is over', () => {
    let nowMs = start;
    const metrics = createMetrics(() => nowMs);
    metrics.trackLlmQuota('rerank', { used: 9, limit: 10 });
    nowMs += 24 * 3_600_000;
    metrics.countCache('hit');
    metrics.flush();
    const quota = { llm_rerank_quota_used: 0, llm_rerank_quota_limit: 10 };
    expect(read()[0]?.values).toEqual({ cache_hit: 1, ...quota });
  });

  it('have a unit for every metric, and the moment of the flush', () => {
    const metrics = createMetrics();
    metrics.observe('total', 2);
    metrics.countRequest('/search', 200, 'ok');
    metrics.flush();
    const [event] = read();
    expect(event?.units).toEqual({
      total_duration: 'Milliseconds',
      requests: 'Count',
      server_errors: 'Count',
    });
    expect(event?.timestamp).toBe(start);
  });

  it('are written once', () => {
    const metrics = createMetrics();
    metrics.flush();
    expect(lines).toEqual([]);
    metrics.countRequest('/search', 503, 'overloaded');
    metrics.flush();
    expect(read()).toHaveLength(2);
    metrics.flush();
    expect(lines).toHaveLength(2);
  });

  it('keep to a hundred values each, however long nobody flushes', () => {
    const metrics = createMetrics();
    for (let n = 0; n < 1050; n += 1) {
      metrics.observe('total', n);
      metrics.countRequest('/search', 200, 'ok');
    }
    metrics.flush();
    const events = read();
    expect(events).toHaveLength(11);
    const values = events.flatMap(({ values: { total_duration } }) => total_duration ?? []);
    expect(values).toEqual(Array.from({ length: 1050 }, (_, n) => n));
    const requests = events.map(({ values: all }) => Number(all['requests']));
    expect(requests.reduce((sum, count) => sum + count, 0)).toBe(1050);
  });

  it('file no more codes than there are', () => {
    const metrics = createMetrics();
    for (let n = 0; n < 300; n += 1) metrics.countRequest('/search', 500, `code ${n} ünknown`);
    metrics.flush();
    expect(read().map(({ sets }) => sets.at(-1)?.['code'])).toEqual([undefined, 'other']);
  });

  it('leave out what is no number', () => {
    const metrics = createMetrics();
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 1]) metrics.observe('total', ms);
    metrics.flush();
    expect(read()[0]?.values).toEqual({ total_duration: [1] });
  });
});

it('has exact percentiles, also after a flush', async () => {
  const metrics = createMetrics();
  for (let ms = 1; ms <= 100; ms += 1) metrics.observe('total', ms);
  metrics.flush();
  expect(metrics.summaries().total).toMatchObject({ count: 100, p50_ms: 50, p99_ms: 99 });
  const { body } = await metrics.exposition();
  expect(body).toContain('search_stage_duration_seconds{stage="total",quantile="0.95"} 0.095\n');
});

function createMetrics(epochMs = () => start + 0.4) {
  return createEmfMetrics({
    now: () => 0,
    epochMs,
    write: (line) => void lines.push(line),
    namespace: 'PictureSearch',
    service: 'edge',
    environment: 'staging',
  });
}

/** What CloudWatch would file of these lines, if they keep to its rules. */
function read() {
  return lines.map((line) => {
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(Buffer.byteLength(line)).toBeLessThan(1_000_000);
    const event = Event.parse(JSON.parse(line));
    const { _aws: meta } = event;
    const [directive, ...others] = meta.CloudWatchMetrics;
    if (directive === undefined || others.length > 0) throw new Error('There is more than one');
    const names = directive.Metrics.map((metric) => metric.Name);
    expect(new Set(names)).toHaveLength(names.length);
    return {
      timestamp: meta.Timestamp,
      units: Object.fromEntries(directive.Metrics.map(({ Name: name, Unit }) => [name, Unit])),
      values: Object.fromEntries(names.map((name) => [name, Numbers.parse(event[name])])),
      sets: directive.Dimensions.map((set) =>
        Object.fromEntries(set.map((name) => [name, DimensionValue.parse(event[name])])),
      ),
    };
  });
}
