import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import { readPromql } from './support/promql.ts';

// Neither Prometheus nor Grafana runs where the tests run. What can be checked is that they are asked
// for metrics that exist: a rule about another name is silent for ever.

const root = join(import.meta.dirname, '..');

const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      build: z.object({ dockerfile: z.string() }).optional(),
      volumes: z.array(z.string()).default([]),
      environment: z.record(z.string(), z.string().nullable()).default({}),
    }),
  ),
});
const PrometheusConfig = z.object({
  rule_files: z.array(z.string()),
  scrape_configs: z.array(
    z.object({
      job_name: z.string(),
      static_configs: z.array(z.object({ targets: z.array(z.string()) })),
    }),
  ),
});
const Rule = z.object({
  alert: z.string(),
  expr: z.string(),
  labels: z.object({ severity: z.enum(['warning', 'critical']) }),
  annotations: z.object({ summary: z.string() }),
});
const Alerts = z.object({ groups: z.array(z.object({ rules: z.array(Rule) })) });
const Dashboard = z.object({
  uid: z.string(),
  panels: z.array(
    z.object({
      id: z.int(),
      title: z.string(),
      type: z.string(),
      gridPos: z.object({ h: z.int(), w: z.int(), x: z.int(), y: z.int() }),
      targets: z
        .array(z.object({ expr: z.string(), datasource: z.object({ uid: z.string() }) }))
        .default([]),
    }),
  ),
});

const { services } = Compose.parse(readYaml('docker-compose.yml'));
const prometheus = PrometheusConfig.parse(readYaml('ops/prometheus.yml'));
const rules = Alerts.parse(readYaml('ops/alerts.yml')).groups.flatMap((group) => group.rules);
const dashboard = Dashboard.parse(JSON.parse(read('ops/grafana/dashboards/search.json')));
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

describe('Prometheus', () => {
  it('asks the two services, where they are', () => {
    const targets = prometheus.scrape_configs.flatMap(({ job_name: job, static_configs: lists }) =>
      lists.flatMap((list) => list.targets.map((target) => [job, target] as const)),
    );
    expect(targets.map(([job]) => job)).toEqual(['edge', 'gpu-service']);
    for (const [job, target] of targets) {
      const [host = '', port] = target.split(':');
      expect(host).toBe(job);
      expect(read(services[host]?.build?.dockerfile ?? '')).toContain(`API_PORT=${port}`);
    }
  });

  it('has the rules, beside its config', () => {
    const mounted = services['prometheus']?.volumes.map((volume) => volume.split(':')[0]) ?? [];
    expect(prometheus.rule_files).toEqual(['alerts.yml']);
    expect(mounted).toEqual(expect.arrayContaining(['./ops/prometheus.yml', './ops/alerts.yml']));
  });
});

describe('the metrics that are asked for', () => {
  const asked = [
    ...rules.map(({ alert, expr }) => [`the alert ${alert}`, expr] as const),
    ...panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => [`the panel "${title}"`, expr] as const),
    ),
  ];

  it.each(asked)('exist, with their labels and values, for %s', async (_, expression) => {
    const series = await exposedSeries();
    const { selectors, groups } = readPromql(expression);
    expect(selectors).not.toEqual([]);
    const labels = new Set(['job', 'instance']);
    for (const { metric, matchers } of selectors) {
      const found = series.filter(({ name }) => name === metric);
      expect([metric, found.length > 0]).toEqual([metric, true]);
      for (const { labels: own } of found) for (const label of Object.keys(own)) labels.add(label);
      for (const { label, op, value } of matchers) {
        if (value === '$job') continue;
        expect([...labels]).toContain(label);
        const fits = new RegExp(`^(?:${value})$`);
        if (!op.startsWith('!') && label !== 'job') {
          expect(found.map((one) => one.labels[label])).toContainEqual(expect.stringMatching(fits));
        }
      }
    }
    expect(groups.filter((label) => !labels.has(label))).toEqual([]);
  });

  it('are about all that there is', async () => {
    const own = /^(search_|http_|cache_|text_|encoder_|queue_|llm_)/;
    const names = (await exposedSeries())
      .map(({ name }) => name.replace(/_(bucket|sum|count)$/, ''))
      .filter((name) => own.test(name));
    const used = asked.flatMap(([, expression]) =>
      readPromql(expression).selectors.map(({ metric }) => metric),
    );
    const unused = [...new Set(names)].filter((name) => !used.some((one) => one.startsWith(name)));
    expect(unused).toEqual([]);
  });
});

describe('the alerts', () => {
  it('have those that were asked for, at their limits', () => {
    const limits = Object.fromEntries(
      rules.map(({ alert, expr, labels }) => [alert, [labels.severity, limitOf(expr)]]),
    );
    expect(limits).toMatchObject({
      SearchSlow: ['warning', 2],
      SearchFailing: ['critical', 0.05],
      LlmQuotaNearlyUsed: ['warning', 0.8],
    });
    expect(new Set(rules.map(({ alert }) => alert))).toHaveLength(rules.length);
  });

  it('take no probe for traffic', async () => {
    const probes = readPromql(rules.find(({ alert }) => alert === 'SearchFailing')?.expr ?? '')
      .selectors.flatMap(({ matchers }) => matchers)
      .filter(({ label }) => label === 'route');
    expect(probes).toHaveLength(3);
    for (const { value } of probes) expect(value).toBe('/livez|/readyz|/health|/metrics');
  });
});

describe('the dashboard', () => {
  it('is found by Grafana, and finds its data', () => {
    const mounts = services['grafana']?.volumes.map((volume) => volume.split(':')) ?? [];
    const [, path] = mounts.find(([source]) => source === './ops/grafana/dashboards') ?? [];
    const files = globSync('ops/grafana/provisioning/**/*.yml', { cwd: root }).map(readYaml);
    expect(files).toHaveLength(2);
    expect(files).toContainEqual(
      expect.objectContaining({ providers: [expect.objectContaining({ options: { path } })] }),
    );
    const [source] = z
      .object({ datasources: z.tuple([z.object({ uid: z.string(), url: z.string() })]) })
      .parse(readYaml('ops/grafana/provisioning/datasources/prometheus.yml')).datasources;
    expect(source.url).toBe('http://prometheus:9090');
    const uids = panels.flatMap(({ targets }) => targets.map(({ datasource }) => datasource.uid));
    expect(new Set(uids)).toEqual(new Set([source.uid]));
    const home = services['grafana']?.environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'];
    expect(home).toBe(`${path}/search.json`);
  });

  it('has panels that are in nobody else’s place', () => {
    expect(panels.length).toBeGreaterThan(15);
    expect(new Set(dashboard.panels.map(({ id }) => id))).toHaveLength(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: h * w }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells)).toHaveLength(cells.length);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What Prometheus would read from a service that has answered some requests. */
async function exposedSeries() {
  const metrics = createPrometheusMetrics(() => performance.now());
  metrics.countRequest('/search', 200, 'ok');
  metrics.countRequest('/search', 503, 'overloaded');
  metrics.observeBatch(1);
  for (const queue of ['texts', 'searches'] as const) metrics.trackQueue(queue, () => 0);
  metrics.trackLlmQuota('explanation', { used: 1, limit: 10 });
  const own = (await metrics.exposition()).body;
  return [...readSeries(own), ...(await processSeries), ...fromElsewhere];
}

const processSeries = collectProcessSeries();

/** Garbage collections are counted from the first one on. */
async function collectProcessSeries() {
  const metrics = createPrometheusMetrics(() => performance.now(), { ofProcess: true });
  for (;;) {
    const { body } = await metrics.exposition();
    if (body.includes('nodejs_gc_duration_seconds_sum')) return readSeries(body);
    Array.from({ length: 1_000_000 }, (_, n) => ({ n }));
    await pause(10);
  }
}

/** `up` is made by Prometheus. */
const fromElsewhere: readonly Series[] = [{ name: 'up', labels: {} }];

function readSeries(body: string): Series[] {
  return body
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const { selectors } = readPromql(line.slice(0, line.lastIndexOf(' ')));
      const { metric = '', matchers = [] } = selectors[0] ?? {};
      return {
        name: metric,
        labels: Object.fromEntries(matchers.map(({ label, value }) => [label, value])),
      };
    });
}

function limitOf(expression: string): number {
  const [, limit] = />\s*([\d.]+)/.exec(expression) ?? [];
  return Number(limit);
}

function readYaml(path: string): unknown {
  return parse(read(path), { merge: true });
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
