import { App, Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { environments, type Settings } from '../cdk/settings.ts';
import { createTestStacks } from './support/cdk-app.ts';

const Acknowledged = z.record(z.string(), z.unknown());

interface Reason {
  readonly path: string;
  readonly rule: string;
  readonly reason: string;
}

/** What was acknowledged, and why, wherever in the tree. */
function reasonsIn(root: IConstruct): Reason[] {
  return root.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(Acknowledged.parse(data)))
      .map(([rule, reason]) => ({ path: node.path, rule, reason: textOf(reason) })),
  );
}

function textOf(reason: unknown): string {
  return typeof reason === 'string' ? reason : JSON.stringify(reason);
}

describe.each(Object.values(environments))('cdk-nag, on the stacks of $environment', (settings) => {
  const { app, stacks } = createTestStacks(settings);

  it('finds nothing that nobody has explained', () => {
    const { success, violations } = new AwsSolutionsChecks(app).validateScope(app);
    const said = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ resourceLogicalId }) => `${ruleName} ${resourceLogicalId}`),
    );
    expect(said).toEqual([]);
    expect(success).toBe(true);
  });

  it('is acknowledged only with reasons that tell a stranger something', () => {
    const reasons = reasonsIn(app);
    expect(reasons.length).toBeGreaterThan(5);
    const short = reasons.filter(({ reason }) => reason.length < 40);
    expect(short).toEqual([]);
    const nagging = reasons.filter(({ rule }) => rule.includes('AwsSolutions'));
    expect(nagging.length).toBeGreaterThan(5);
    // One rule at one place, never for a whole stack.
    const paths = new Set(Object.values(stacks).map(({ node }) => node.path));
    const sweeping = nagging.filter(({ path }) => path === '' || paths.has(path));
    expect(sweeping).toEqual([]);
  });
});

/** What settings may say and none of the three environments does. */
const others: Readonly<Record<string, Partial<Settings>>> = {
  'with language models': { llm: { explanations: true, reranking: true, dailyQuota: 10 } },
  'with an outside Qdrant': {
    qdrant: { kind: 'outside', host: 'qdrant.acme.com', port: 6333, grpcPort: 6334 },
  },
  'with a domain, in another region': {
    region: 'eu-central-1',
    zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    domain: { name: 'pictures.acme.com', hostedZoneId: 'Z123', hostedZoneName: 'acme.com' },
  },
};

it.each(Object.entries(others))('cdk-nag finds nothing in prod %s', (_, other) => {
  const { prod } = environments;
  if (prod === undefined) throw new Error('There is no environment prod');
  const { app } = createTestStacks({ ...prod, ...other });
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
});

it('would be found, if it were not', () => {
  const app = new App();
  const stack = new Stack(app, 'Careless');
  const bucket = new Bucket(stack, 'Open');
  const { violations } = new AwsSolutionsChecks(app).validateScope(bucket);
  expect(violations.map(({ ruleName }) => ruleName).join()).toMatch(/AwsSolutions-S1/);
});
