import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { environments, type Settings } from '../cdk/settings.ts';
import { createStacks } from '../cdk/stacks.ts';
import { alarmsOf, metricsOf } from '../test/support/alarm-resources.ts';
import { createTestApp } from '../test/support/cdk-app.ts';
import type { Part } from './cost-lines.ts';
import { costOf } from './cost-sum.ts';
import { usageOf } from './cost-usage.ts';

const llm = { explanations: true, reranking: true, dailyQuota: 100 };

// What is counted in the cost is what is in the templates, and what is there costs.
describe.each(Object.entries(others(environments)))('%s', (_, settings) => {
  const { lines } = costOf({ settings, usage: usageOf(settings.environment) });
  const stacks = Object.values(createStacks(createTestApp(), settings));
  const templates = stacks.map((stack) => Template.fromStack(stack));

  it('counts every private endpoint, in each of its zones', () => {
    const subnets = found('AWS::EC2::VPCEndpoint').flatMap((own) => listOf(own['SubnetIds']));
    expect(quantity('network', /private endpoints$/)).toBe(subnets.length * 730);
  });

  it('counts the way to the internet, where there is one', () => {
    const ways = found('AWS::EC2::NatGateway').length;
    expect(quantity('network', /^way to the internet$/)).toBe(ways * 730);
  });

  it('counts about as many metrics of alarms, and alarms of alarms', () => {
    const metrics = templates.flatMap(alarmsOf).flatMap(metricsOf).length;
    const counted = quantity('watching', /^alarms$/);
    expect(counted).toBeGreaterThanOrEqual(metrics);
    expect(counted).toBeLessThanOrEqual(metrics * 1.3);
    const composites = found('AWS::CloudWatch::CompositeAlarm').length;
    expect(quantity('watching', /^alarms of alarms$/)).toBeGreaterThanOrEqual(composites);
  });

  it('counts the keys, the dashboard and the secrets', () => {
    expect(quantity('watching', /^key of/)).toBe(found('AWS::KMS::Key').length);
    expect(quantity('watching', /^dashboard$/)).toBe(found('AWS::CloudWatch::Dashboard').length);
    // Made before the stacks: keys of callers, of the benchmark, of a language model, of somebody's Qdrant.
    const { llm: models, qdrant } = settings;
    const before = 2 + (models.explanations ? 1 : 0) + (qdrant.kind === 'outside' ? 1 : 0);
    const own = found('AWS::SecretsManager::Secret').length;
    expect(quantity('watching', /^secrets$/)).toBe(own + before);
  });

  it('counts the rules of the firewall', () => {
    const [acl] = found('AWS::WAFv2::WebACL');
    expect(quantity('front', /^firewall, rules$/)).toBe(listOf(acl?.['Rules']).length);
  });

  it('counts the disks', () => {
    const [volume] = found('AWS::EC2::Volume');
    expect(quantity('qdrant', /^volume$/)).toBe(volume?.['Size'] ?? 0);
    const groups = found('AWS::AutoScaling::AutoScalingGroup').length;
    const disks = lines.filter(({ item }) => /^disks? of/.test(item)).length;
    expect(disks).toBe(groups);
  });

  it('counts the containers that stream', () => {
    const streaming = templates.flatMap((template) =>
      Object.entries(template.findResources('AWS::ECS::Service')),
    );
    const [, service] = streaming.find(([id]) => id.startsWith('Streaming')) ?? [];
    const tasks = Number(service?.['Properties']?.DesiredCount ?? 0);
    expect(quantity('edge', /^containers that stream$/)).toBe(tasks * 730);
  });

  function found(type: string): Readonly<Record<string, unknown>>[] {
    return templates
      .flatMap((template) => Object.values(template.findResources(type)))
      .map((resource) => (resource['Properties'] ?? {}) as Record<string, unknown>);
  }

  function quantity(part: Part, item: RegExp): number {
    const own = lines.filter((line) => line.part === part && item.test(line.item));
    return own.reduce((sum, line) => sum + line.quantity, 0);
  }
});

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function others(all: Readonly<Record<string, Settings>>): Record<string, Settings> {
  const { dev, prod } = all;
  if (dev === undefined || prod === undefined) throw new Error('There is no dev, or no prod');
  const qdrant = { kind: 'outside', host: 'q.example.com', port: 6333, grpcPort: 6334 } as const;
  return {
    dev,
    prod,
    'prod with language models': { ...prod, llm },
    'dev with a Qdrant outside': { ...dev, qdrant },
  };
}
