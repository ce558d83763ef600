import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type AlarmResource, alarmsOf, runbookOf } from '../../test/support/alarm-resources.ts';
import { createTestApp } from '../../test/support/cdk-app.ts';
import { settingsOf } from '../../test/support/watched-system.ts';
import type { Settings } from '../settings.ts';
import { createStacks } from '../stacks.ts';

const llm = { explanations: true, reranking: true, dailyQuota: 100 };
const domain = { name: 'p.example.com', hostedZoneId: 'Z0', hostedZoneName: 'example.com' };
const cases: Readonly<Record<string, Settings>> = {
  dev: settingsOf('dev'),
  prod: settingsOf('prod'),
  'prod with language models and a domain': settingsOf('prod', { llm, domain }),
  'dev with a Qdrant outside': settingsOf('dev', {
    qdrant: { kind: 'outside', host: 'q.example.com', port: 6333, grpcPort: 6334 },
  }),
};

/** The rows of docs/operations.md, "When alarms ring". */
const docs = readFileSync(path.join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const [, section = ''] = docs.split(/\n#+ When alarms ring\n/);
const [rows = ''] = section.split(/\n#+ /);
const runbooks = new Set([...rows.matchAll(/\n\| `([a-z-]+)` \|/g)].map(([, name = '']) => name));

function synthesize(settings: Settings) {
  const app = createTestApp();
  const stacks = createStacks(app, settings);
  const templates = Object.values(stacks).map((stack) => Template.fromStack(stack));
  return { app, stacks, templates, watch: Template.fromStack(stacks.watch) };
}

const worlds = Object.entries(cases).map(([name, settings]) => ({
  name,
  settings,
  ...synthesize(settings),
}));

describe.each(worlds)('The watch stack of $name', ({ settings, stacks, templates, watch }) => {
  const alarms = alarmsOf(watch);

  it('has every queue watched, and every queue has a dead-letter queue or is one', () => {
    const queues = templates.flatMap((template) =>
      Object.values(template.findResources('AWS::SQS::Queue')),
    );
    const watched = alarms.filter((alarm) => alarm.Namespace === 'AWS/SQS');
    expect(queues.length).toBeGreaterThan(2);
    expect(watched).toHaveLength(queues.length);
    const names = watched.map(({ Dimensions: [queue] }) => JSON.stringify(queue?.Value));
    expect(new Set(names).size).toBe(queues.length);
    // What has no dead-letter queue is watched as one: nothing may be in it.
    const withOne = queues.filter(({ Properties: own }) => own?.RedrivePolicy !== undefined);
    expect(watched.filter(({ MetricName }) => MetricName === age)).toHaveLength(withOne.length);
    expect(withOne.length).toBeGreaterThan(0);
  });

  it('has every alarm of every stack tell somebody', () => {
    const composites = JSON.stringify(watch.findResources('AWS::CloudWatch::CompositeAlarm'));
    const silent = templates.flatMap(alarmsOf).filter(({ AlarmActions: to }) => to.length === 0);
    // They are of earlier stacks, and one of ours rings with them.
    expect(silent.map(({ AlarmName }) => AlarmName).filter((name) => !isRelease(name))).toEqual([]);
    const rule = composites.match(/OutputName":"PublishOutputFnGetAtt[Rr]elease\w+Arn/g) ?? [];
    expect(new Set(rule).size).toBe(silent.length);
    const told = Object.values(watch.findResources('AWS::CloudWatch::CompositeAlarm'));
    for (const { Properties: own } of told) expect(own?.AlarmActions).toHaveLength(1);
  });

  it('names a runbook that exists in every alarm', () => {
    const told = [...alarms, ...compositesOf(watch)];
    const without = told.filter((alarm) => !runbooks.has(runbookOf(alarm) ?? ''));
    expect(without.map(({ AlarmName }) => AlarmName)).toEqual([]);
  });

  it('has a name for every alarm that no other stack has', () => {
    const names = [...templates.flatMap(alarmsOf), ...compositesOf(watch)].map(
      ({ AlarmName }) => AlarmName,
    );
    expect(new Set(names).size).toBe(names.length);
    const own = `picture-search-${settings.environment}-`;
    expect(names.filter((name) => !name.startsWith(own))).toEqual([]);
  });

  it('has an alarm about each thing that an environment needs', () => {
    const names = named(alarms);
    const always = `
      searches-slow searches-failing searches-refused edge-errors edge-throttled front-failing
      balancer-failing unhealthy-targets service-tasks service-memory firewall-blocking
      benchmark-missed benchmark-not-run reconcile-missed reconcile-unfinished
      index-images-failing generation-unpublished cache-full cache-evicting cache-throttled`;
    const needed = [
      ...always.trim().split(/\s+/),
      ...(settings.qdrant.kind === 'own' ? ['qdrant-disk', 'qdrant-down', 'snapshot-missed'] : []),
      ...(settings.service.kind === 'gpu' ? ['gpu-busy', 'gpu-memory'] : ['service-cpu']),
      ...(settings.llm.explanations ? ['llm-quota-explanation', 'streaming-tasks'] : []),
      ...(settings.domain === undefined ? [] : ['certificate-expiring']),
    ];
    expect(names).toEqual(expect.arrayContaining(needed));
  });

  it('has one dashboard, with its alarms on top', () => {
    watch.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    const dashboard = JSON.stringify(watch.findResources('AWS::CloudWatch::Dashboard'));
    expect(dashboard).toContain(`picture-search-${settings.environment}`);
    expect(dashboard.indexOf('Ringing now')).toBeLessThan(dashboard.indexOf('## Searches'));
  });

  it('has a budget of the settings, told before it is used up', () => {
    const [budget] = Object.values(watch.findResources('AWS::Budgets::Budget'));
    expect(budget?.['Properties']).toMatchObject({
      Budget: {
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: settings.monthlyBudgetUsd, Unit: 'USD' },
        CostFilters: { TagKeyValue: [`user:environment$${settings.environment}`] },
      },
      NotificationsWithSubscribers: [
        {
          Notification: { NotificationType: 'ACTUAL', Threshold: 80 },
          Subscribers: [{ SubscriptionType: 'EMAIL', Address: settings.alarmEmail }],
        },
        { Notification: { NotificationType: 'FORECASTED', Threshold: 100 } },
      ],
    });
  });

  it('runs the benchmark as often as the settings say', () => {
    const schedules = watch.findResources('AWS::Scheduler::Schedule');
    const { everyMinutes } = settings.benchmark;
    const every = everyMinutes % 60 === 0 ? `${everyMinutes / 60} hour` : `${everyMinutes} minute`;
    expect(JSON.stringify(schedules)).toContain(`rate(${every}`);
  });

  it('has no finding of cdk-nag', async () => {
    const report = await new AwsSolutionsChecks(stacks.watch.node.root).validateScope(stacks.watch);
    expect(report.violations).toEqual([]);
  });
});

it('has an alarm for every runbook', () => {
  const told = worlds.flatMap(({ watch }) => [...alarmsOf(watch), ...compositesOf(watch)]);
  const used = new Set(told.map(runbookOf));
  expect(runbooks.size).toBeGreaterThan(30);
  expect([...runbooks].filter((runbook) => !used.has(runbook))).toEqual([]);
});

it('asks for what CloudFront tells where CloudFront tells it', () => {
  const zones = ['eu-west-1a', 'eu-west-1b'] as const;
  const settings = settingsOf('dev', { region: 'eu-west-1', zones });
  const { app, watch } = synthesize(settings);
  const there = app.node.findChild('picture-search-dev-watch-front');
  const stack = z.object({ region: z.literal('us-east-1') }).parse(there);
  expect(stack.region).toBe('us-east-1');
  const names = named(alarmsOf(Template.fromStack(there as never)));
  expect(names).toEqual(expect.arrayContaining(['front-failing', 'firewall-blocking']));
  expect(named(alarmsOf(watch)).filter((name) => /^(front|firewall)-/.test(name))).toEqual([]);
});

const age = 'ApproximateAgeOfOldestMessage';

function isRelease(name: string): boolean {
  return /^picture-search-[a-z]+-release-/.test(name);
}

function named(alarms: readonly AlarmResource[]): string[] {
  return alarms.map(({ AlarmName }) => AlarmName.replace(/^picture-search-[a-z]+-/, ''));
}

function compositesOf(template: Template) {
  const Composite = z.object({ AlarmName: z.string(), AlarmDescription: z.string() });
  const found = Object.values(template.findResources('AWS::CloudWatch::CompositeAlarm'));
  return found.map(({ Properties: own }) => Composite.parse(own));
}
