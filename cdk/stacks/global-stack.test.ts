import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, describe, expect, it } from 'vitest';
import { failures } from '../../core/failure.ts';
import { createTestApp } from '../../test/support/cdk-app.ts';
import { propertiesOf, resourcesOf } from '../../test/support/template-resources.ts';
import { environments, type Settings } from '../settings.ts';
import { GlobalStack } from './global-stack.ts';

const { dev, prod } = environments as { readonly dev: Settings; readonly prod: Settings };
const domain = {
  name: 'pictures.example.com',
  hostedZoneId: 'Z0123456789',
  hostedZoneName: 'example.com',
};

const outdir = mkdtempSync(join(tmpdir(), 'picture-search-global-'));
let apps = 0;

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

function create(settings: Settings) {
  const app = createTestApp(join(outdir, String((apps += 1))));
  const stack = new GlobalStack(app, 'global', {
    settings,
    env: { account: '111122223333', region: 'us-east-1' },
  });
  const { missing } = app.synth().manifest;
  return {
    stack,
    missing,
    template: Template.fromStack(stack),
    checks: new AwsSolutionsChecks(app),
  };
}

const inDev = create(dev);
const inProd = create(prod);
const withDomain = create({ ...prod, domain });
const environmentsMade = [
  ['dev', dev, inDev],
  ['prod', prod, inProd],
] as const;

function only(template: Template, type: string) {
  const [found, ...more] = propertiesOf(template, type);
  expect(more).toHaveLength(0);
  return found;
}

function rulesOf(template: Template) {
  return only(template, 'AWS::WAFv2::WebACL').Rules;
}

function ruleOf(template: Template, name: string) {
  return rulesOf(template).find((rule: { readonly Name: string }) => rule.Name === name);
}

describe.each(environmentsMade)('the firewall in %s', (_, settings, { template, stack }) => {
  it('is one for CloudFront', () => {
    expect(only(template, 'AWS::WAFv2::WebACL')).toMatchObject({
      Scope: 'CLOUDFRONT',
      DefaultAction: { Allow: {} },
    });
  });

  it('refuses who asks too often: the rate rule counts per address', () => {
    const { Action, Statement } = ruleOf(template, 'requests-per-address');
    expect(Statement.RateBasedStatement).toMatchObject({
      AggregateKeyType: 'IP',
      EvaluationWindowSec: 300,
      Limit: settings.edge.maxRequestsPerAddress,
    });
    expect(Action.Block.CustomResponse.ResponseCode).toBe(429);
  });

  it('counts pictures too, but lets more of them through', () => {
    const { Statement } = ruleOf(template, 'everything-per-address');
    expect(Statement.RateBasedStatement).toStrictEqual({
      AggregateKeyType: 'IP',
      EvaluationWindowSec: 300,
      Limit: 10 * settings.edge.maxRequestsPerAddress,
    });
  });

  it('takes a search for a search, however its path is written', () => {
    const { Statement } = ruleOf(template, 'requests-per-address');
    const left = Statement.RateBasedStatement.ScopeDownStatement.NotStatement.Statement;
    const paths = left.OrStatement.Statements.map(
      ({ ByteMatchStatement: match }: { readonly ByteMatchStatement: Record<string, unknown> }) => {
        expect(match['TextTransformations']).toStrictEqual([
          { Priority: 0, Type: 'URL_DECODE' },
          { Priority: 1, Type: 'NORMALIZE_PATH' },
        ]);
        return match['SearchString'];
      },
    );
    expect(paths).toStrictEqual(['/pictures/', '/assets/']);
  });

  it('has the rules of AWS, all of them on', () => {
    const managed = rulesOf(template).filter(
      ({ Statement }: { readonly Statement: object }) => 'ManagedRuleGroupStatement' in Statement,
    );
    expect(managed.map((rule: { readonly Name: string }) => rule.Name)).toStrictEqual([
      'AWSManagedRulesCommonRuleSet',
      'AWSManagedRulesKnownBadInputsRuleSet',
      'AWSManagedRulesAmazonIpReputationList',
    ]);
    for (const { OverrideAction } of managed) expect(OverrideAction).toStrictEqual({ None: {} });
  });

  it.each([
    ['long bodies', 'SizeRestrictions_BODY'],
    ['long queries', 'SizeRestrictions_QUERYSTRING'],
    ['markup', 'CrossSiteScripting_QUERYARGUMENTS'],
    ['markup in a body', 'CrossSiteScripting_BODY'],
    ['addresses', 'GenericRFI_QUERYARGUMENTS'],
    ['addresses in a body', 'GenericRFI_BODY'],
    ['paths', 'GenericLFI_QUERYARGUMENTS'],
  ])('refuses no search for its %s', (_what, name) => {
    const { Statement } = ruleOf(template, 'AWSManagedRulesCommonRuleSet');
    expect(Statement.ManagedRuleGroupStatement.RuleActionOverrides).toContainEqual({
      Name: name,
      ActionToUse: { Count: {} },
    });
  });

  it('counts in CloudWatch under the name that the alarm asks for', () => {
    const { VisibilityConfig } = only(template, 'AWS::WAFv2::WebACL');
    expect(VisibilityConfig.MetricName).toBe(stack.webAclMetricName);
    expect(VisibilityConfig.CloudWatchMetricsEnabled).toBe(true);
    for (const rule of rulesOf(template)) {
      expect(rule.VisibilityConfig.CloudWatchMetricsEnabled).toBe(true);
    }
  });

  it('logs neither keys nor what people search for', () => {
    expect(only(template, 'AWS::WAFv2::LoggingConfiguration').RedactedFields).toStrictEqual([
      { SingleHeader: { Name: 'authorization' } },
      { SingleHeader: { Name: 'x-api-key' } },
      { QueryString: {} },
    ]);
  });

  it('has no key and no search in its samples', () => {
    expect(only(template, 'AWS::WAFv2::WebACL').DataProtectionConfig.DataProtections).toMatchObject(
      [
        { Field: { FieldType: 'SINGLE_HEADER', FieldKeys: ['authorization', 'x-api-key'] } },
        { Field: { FieldType: 'QUERY_STRING' } },
      ],
    );
  });

  it('writes to a log that ends, of a name that WAF may write to', () => {
    expect(only(template, 'AWS::Logs::LogGroup')).toStrictEqual({
      LogGroupName: `aws-waf-logs-picture-search-${settings.environment}`,
      RetentionInDays: settings.logRetentionDays,
    });
    const [arn] = only(template, 'AWS::WAFv2::LoggingConfiguration').LogDestinationConfigs;
    expect(JSON.stringify(arn)).not.toContain(':*');
  });
});

describe('who asks too often', () => {
  const { CustomResponseBodies } = only(inProd.template, 'AWS::WAFv2::WebACL');
  const { Action } = ruleOf(inProd.template, 'requests-per-address');
  const { CustomResponseBodyKey, ResponseHeaders } = Action.Block.CustomResponse;
  const body = CustomResponseBodies[CustomResponseBodyKey];

  it('reads a problem of the form that the edge has', () => {
    const { status, title } = failures.rate_limited;
    expect(body.ContentType).toBe('APPLICATION_JSON');
    expect(JSON.parse(body.Content)).toStrictEqual({
      type: '/docs#rate_limited',
      title,
      status,
      detail: expect.stringMatching(/^Cannot answer as /),
      code: 'rate_limited',
      request_id: '',
    });
  });

  it('is told when to come back, and nobody keeps that', () => {
    expect(ResponseHeaders).toStrictEqual([
      { Name: 'Retry-After', Value: '60' },
      { Name: 'Cache-Control', Value: 'no-store' },
    ]);
  });
});

describe('the certificate', () => {
  it('is only there for a domain', () => {
    inProd.template.resourceCountIs('AWS::CertificateManager::Certificate', 0);
    expect(inProd.stack.certificate).toBeUndefined();
  });

  it('is proved in the zone of the settings, which is not looked up', () => {
    withDomain.template.hasResourceProperties('AWS::CertificateManager::Certificate', {
      DomainName: domain.name,
      ValidationMethod: 'DNS',
      DomainValidationOptions: [{ DomainName: domain.name, HostedZoneId: domain.hostedZoneId }],
    });
    expect(withDomain.missing).toBeUndefined();
  });
});

describe('the stack', () => {
  it('leaves the log of prod behind, and none of dev', () => {
    const kept = [inProd, inDev].map(({ template }) =>
      Object.values(resourcesOf(template, 'AWS::Logs::LogGroup')).map(
        ({ DeletionPolicy }) => DeletionPolicy,
      ),
    );
    expect(kept).toStrictEqual([['Retain'], ['Delete']]);
  });

  it.each([
    ['dev', inDev],
    ['prod', inProd],
    ['prod with a domain', withDomain],
  ])('has no finding of cdk-nag in %s', (_, { checks, stack }) => {
    expect(checks.validateScope(stack).violations).toStrictEqual([]);
  });
});
