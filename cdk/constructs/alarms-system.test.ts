import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { createEmfMetrics } from '../../adapters/emf-metrics.ts';
import { stages } from '../../adapters/stage-windows.ts';
import {
  type AlarmResource,
  alarmsOf,
  metricsOf,
  runbookOf,
} from '../../test/support/alarm-resources.ts';
import { createWatchedSystem, settingsOf } from '../../test/support/watched-system.ts';
import type { Settings } from '../settings.ts';
import { watchFront } from './alarms-front.ts';
import { namespace } from './alarms-metrics.ts';
import { type System, watchSystem } from './alarms-system.ts';
import { Alarms } from './alarms.ts';
import { Dashboard } from './dashboard.ts';

const root = path.join(import.meta.dirname, '../..');
const llm = { explanations: true, reranking: true, dailyQuota: 100 };

function watch(settings: Settings, more: Partial<System> = {}) {
  const { stack, system } = createWatchedSystem(settings, more);
  const alarms = new Alarms(stack, 'Alarms', settings);
  const critical = watchSystem(alarms, system);
  watchFront(alarms, system.front);
  alarms.watchAny({ what: 'search-down', means: 'Nobody finds anything.' }, critical);
  const dashboard = new Dashboard(stack, 'Dashboard', { system, alarms: alarms.all });
  const template = Template.fromStack(stack);
  return { stack, dashboard, template, alarms: alarmsOf(template) };
}

const front = { ...createWatchedSystem(settingsOf('dev')).system.front, certificateArn: 'arn:c' };
const streaming = { clusterName: 'edge', serviceName: 'edge' };
const everything = watch(settingsOf('prod', { llm }), { front, streaming });
const small = watch(settingsOf('dev'));
const alarms = [...everything.alarms, ...small.alarms];

function named(found: readonly AlarmResource[]): string[] {
  return found.map(({ AlarmName }) => AlarmName.replace(/^picture-search-(prod|dev)-/, ''));
}

describe('Every alarm', () => {
  it('has a name by which its environment is known', () => {
    for (const { AlarmName } of alarms)
      expect(AlarmName).toMatch(/^picture-search-(prod|dev)-[a-z-]+$/);
    expect(new Set(alarms.map(({ AlarmName }) => AlarmName)).size).toBe(alarms.length);
  });

  it('tells somebody when it begins and when it is over', () => {
    const [topic] = Object.keys(everything.template.findResources('AWS::SNS::Topic'));
    for (const { AlarmActions, OKActions } of everything.alarms) {
      expect(AlarmActions).toEqual([{ Ref: topic }]);
      expect(OKActions).toEqual(AlarmActions);
    }
    everything.template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'picture-search-prod@example.com',
    });
  });

  it('says what no data means', () => {
    expect(named(alarms.filter(({ TreatMissingData }) => TreatMissingData === undefined))).toEqual(
      [],
    );
    const bad = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    // What has to be there all the time, or every so often; and nothing that only traffic makes.
    expect([...new Set(named(bad))].sort()).toEqual([
      'benchmark-not-run',
      'gpu-unseen',
      'qdrant-disk',
      'qdrant-down',
      'reconcile-missed',
      'service-tasks',
      'snapshot-missed',
      'streaming-tasks',
    ]);
  });

  it('names a runbook that exists', () => {
    const docs = readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
    const [, section = ''] = docs.split(/\n#+ When alarms ring\n/);
    const without = alarms.filter((alarm) => !section.includes(`\n| \`${runbookOf(alarm)}\` |`));
    expect(named(without)).toEqual([]);
  });

  // At most a day of periods below an hour, a week of longer ones; ten metrics in an expression.
  it('keeps to the limits of CloudWatch', () => {
    const beyond = alarms.filter((alarm) => {
      const metrics = metricsOf(alarm);
      const isLong = metrics.some(({ period }) => {
        const longest = period < 3600 ? 86_400 : 604_800;
        return period % 60 !== 0 || period * alarm.EvaluationPeriods > longest;
      });
      const { EvaluationPeriods: periods, DatapointsToAlarm: bad = periods } = alarm;
      return isLong || metrics.length === 0 || metrics.length > 10 || bad > periods;
    });
    expect(named(beyond)).toEqual([]);
  });
});

// An alarm about a metric that nobody writes is silent for ever.
describe('A metric of our own that is asked for', () => {
  const asked = new Set<string>();
  for (const metric of alarms.flatMap(metricsOf)) {
    if (metric.namespace !== namespace) continue;
    const service = metric.dimensions.find(({ Name }) => Name === 'service')?.Value;
    asked.add(`${String(service)} ${metric.name}`);
  }
  for (const text of [everything, small].map(({ template }) => JSON.stringify(template.toJSON()))) {
    const shown = /PictureSearch\\",\\"(\w+)\\"((?:,\\"\w+\\",\\"[\w-]+\\")+)/g;
    for (const [, name = '', dimensions = ''] of text.matchAll(shown)) {
      const service = /\\"service\\",\\"([\w-]+)\\"/.exec(dimensions)?.[1] ?? '';
      asked.add(`${service} ${name}`);
    }
  }

  it('is asked for by alarms and by the dashboard', () => {
    expect(asked.has('edge total_duration')).toBe(true);
    expect(asked.has('index-images rejected')).toBe(true);
    expect(asked.size).toBeGreaterThan(40);
  });

  it.each([...asked].sort())('is written: %s', (metric) => {
    const [service = '', name = ''] = metric.split(' ');
    expect(writtenBy(service, name)).toBe(true);
  });
});

describe('What is watched', () => {
  it('is the quota of language models where there are some', () => {
    expect(named(everything.alarms)).toContain('llm-quota-explanation');
    expect(named(everything.alarms)).toContain('llm-quota-rerank');
    expect(named(small.alarms).filter((name) => name.startsWith('llm'))).toEqual([]);
  });

  it('is the GPU where there is one, else the CPU', () => {
    expect(named(everything.alarms)).toEqual(expect.arrayContaining(['gpu-busy', 'gpu-memory']));
    expect(named(everything.alarms)).not.toContain('service-cpu');
    expect(named(small.alarms)).toContain('service-cpu');
    expect(named(small.alarms).filter((name) => name.startsWith('gpu'))).toEqual([]);
  });

  it('is the certificate where there is one', () => {
    expect(named(everything.alarms)).toContain('certificate-expiring');
    expect(named(small.alarms)).not.toContain('certificate-expiring');
  });

  it('is a Qdrant of one’s own, not somebody else’s', () => {
    const outside = watch(settingsOf('dev'), { qdrant: undefined });
    expect(named(small.alarms)).toEqual(
      expect.arrayContaining(['qdrant-disk', 'qdrant-down', 'qdrant-memory']),
    );
    expect(named(outside.alarms).filter((name) => name.startsWith('qdrant'))).toEqual([]);
  });

  it('is every queue, by its age or by what it must not have', () => {
    expect(named(small.alarms)).toEqual(
      expect.arrayContaining(['all-queue-old', 'all-dead-letters-not-empty']),
    );
  });

  it('rings all together where searches fail', () => {
    const composite = JSON.stringify(
      everything.template.findResources('AWS::CloudWatch::CompositeAlarm'),
    );
    expect(composite).toContain('search-down');
    for (const id of ['searchesfailing', 'qdrantdown', 'servicetasks'])
      expect(composite).toContain(id);
  });

  it('is told by numbers of the settings', () => {
    const slow = everything.alarms.find(({ AlarmName }) => AlarmName.endsWith('searches-slow'));
    expect(slow?.Threshold).toBe(4 * settingsOf('prod').benchmark.targetP95Ms);
    const tasks = everything.alarms.find(({ AlarmName }) => AlarmName.endsWith('service-tasks'));
    expect(tasks?.Threshold).toBe(settingsOf('prod').service.minTasks);
  });
});

describe('What tells', () => {
  it('is encrypted with a key that CloudWatch may use, and asked over TLS alone', () => {
    const { template } = everything;
    template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
    const policies = JSON.stringify(template.findResources('AWS::SNS::TopicPolicy'));
    expect(policies).toContain('"aws:SecureTransport":"false"');
    expect(policies).toContain('cloudwatch.amazonaws.com');
    expect(JSON.stringify(template.findResources('AWS::KMS::Key'))).toContain(
      'kms:GenerateDataKey',
    );
  });

  it('has no finding of cdk-nag', async () => {
    const found = await nagOf(everything.stack);
    // What is made for the test alone has some.
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((text) => text.includes('/Alarms/') || text.includes('Dashboard'))).toEqual(
      [],
    );
  });
});

async function nagOf(stack: Parameters<AwsSolutionsChecks['validateScope']>[0]): Promise<string[]> {
  const report = await new AwsSolutionsChecks(stack.node.root as never).validateScope(stack);
  return report.violations.map((violation) => JSON.stringify(violation));
}

/** By the adapter that all of them share, or by a line of the service's own. */
function writtenBy(service: string, name: string): boolean {
  const folders: Readonly<Record<string, readonly string[]>> = {
    edge: [],
    'gpu-service': ['gpu-service/*.ts', 'adapters/*.ts'],
  };
  if ((service === 'edge' || service === 'gpu-service') && emfNames().has(name)) return true;
  const sources = folders[service] ?? [`functions/${service}/*.ts`];
  const text = sources
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(path.join(root, file), 'utf8'))
    .join('\n');
  // Some are put together of a cache's state and a share.
  const [, state, share] = /^(.+)_(p\d+)$/.exec(name) ?? [];
  if (share !== undefined) return text.includes(`'${share}'`) && text.includes(`${state}:`);
  return text.includes(`'${name}'`) || new RegExp(`\\b${name}:`).test(text);
}

function emfNames(): Set<string> {
  const lines: string[] = [];
  const metrics = createEmfMetrics({
    now: () => 0,
    epochMs: () => 0,
    write: (line) => void lines.push(line),
    namespace,
    service: 'any',
    environment: 'any',
  });
  for (const stage of stages) metrics.observe(stage, 1);
  for (const state of ['hit', 'miss', 'bypass'] as const) metrics.countCache(state);
  for (const hit of [true, false]) metrics.countTextLookup(hit);
  metrics.countRequest('/search', 503, 'overloaded');
  metrics.observeBatch(1);
  metrics.trackQueue('texts', () => 1);
  for (const task of ['explanation', 'rerank'] as const) {
    const used = { input_tokens: 1, output_tokens: 1, cost_usd: 1 };
    metrics.trackLlmQuota(task, { used: 1, limit: 2 });
    metrics.countLlm(task, { outcome: 'ok', cached: false, ...used });
  }
  metrics.flush();
  return new Set(
    lines.flatMap((line) => [...line.matchAll(/"Name":"(\w+)"/g)].map(([, n = '']) => n)),
  );
}
