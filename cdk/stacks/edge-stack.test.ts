import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { parseEnv } from '../../core/env.ts';
import { EdgeConfig } from '../../edge/config.ts';
import { createKey } from '../../test/support/api-keys.ts';
import { createTestStacks, type TemplateText } from '../../test/support/cdk-app.ts';
import {
  functionOf,
  nameOf,
  processOf,
  propertiesOf,
  resourcesOf,
  rightsOf,
} from '../../test/support/cdk-functions.ts';
import { expectOk } from '../../test/support/expect-ok.ts';
import { environments, type Settings } from '../settings.ts';

const { dev, prod } = environments as { readonly dev: Settings; readonly prod: Settings };
const withModel: Settings = {
  ...prod,
  environment: 'llm',
  llm: { ...prod.llm, explanations: true, reranking: true },
};

/** What the edge makes of what it is told, and of secrets of the right form. */
function configOf(edge: TemplateText) {
  const { environment, secrets } = processOf(functionOf(edge, 'edge'));
  const { key: _, ...entry } = createKey();
  const values = Object.keys(secrets).map((name) => {
    return [
      name,
      name === 'API_KEYS' ? JSON.stringify([entry]) : 'a-secret-of-32-characters-or-more',
    ];
  });
  return expectOk(parseEnv(EdgeConfig, { ...environment, ...Object.fromEntries(values) }));
}

const asText = (value: unknown) => JSON.stringify(value);

describe.each([dev, prod, withModel])('the edge of $environment', (settings) => {
  const { app, stacks, templates } = createTestStacks(settings);
  const { edge } = templates;
  const usesModel = settings.llm.explanations;

  it('starts with what it is told', () => {
    expect(configOf(edge)).toMatchObject({
      API_KEYS_REQUIRED: true,
      CDN_CACHE_SECONDS: settings.edge.cdnSeconds,
      LLM_ENABLED: usesModel,
      PICTURES_BUCKET: 'pictures',
      REDIS_CLUSTER: true,
      REDIS_ENABLED: true,
      REDIS_TLS: true,
      RERANK_ENABLED: usesModel,
      // CloudFront, before the load balancer that reaches it.
      TRUSTED_PROXIES: 1,
    });
  });

  it('has time for both models within that of a request', () => {
    const { LLM_TIMEOUT_MS, RERANK_TIMEOUT_MS, REQUEST_TIMEOUT_MS } = configOf(edge);
    expect(LLM_TIMEOUT_MS + RERANK_TIMEOUT_MS).toBeLessThan(REQUEST_TIMEOUT_MS);
  });

  it('ends before Lambda ends it', () => {
    const { Timeout } = propertiesOf(functionOf(edge, 'edge'));
    expect(1000 * Number(Timeout)).toBeGreaterThan(configOf(edge).REQUEST_TIMEOUT_MS + 1000);
  });

  it('loads no source maps, which somebody would wait for', () => {
    expect(processOf(functionOf(edge, 'edge')).environment).not.toHaveProperty('NODE_OPTIONS');
  });

  it('has no secret as text', () => {
    const { environment, secrets } = processOf(functionOf(edge, 'edge'));
    const names = ['SERVICE_SECRET', 'API_KEYS', 'REDIS_PASSWORD'];
    expect(Object.keys(secrets)).toEqual(usesModel ? [...names, 'OPENAI_API_KEY'] : names);
    expect(Object.keys(environment).filter((name) => name in secrets)).toEqual([]);
    expect(asText(edge)).not.toContain('{{resolve:secretsmanager');
  });

  it('may add and remove pictures, and see nothing of them but what a model is shown', () => {
    const rights = rightsOf(edge, functionOf(edge, 'edge'));
    const forModel = [
      's3:GetObject Pictures/.picture-search/thumbnails/*',
      's3:ListBucket Pictures',
    ];
    expect(rights).toEqual(
      [
        'not s3:DeleteObject Pictures/.picture-search/*',
        'not s3:PutObject Pictures/.picture-search/*',
        's3:DeleteObject Pictures/*',
        's3:PutObject Pictures/*',
        ...(usesModel ? forModel : []),
      ].toSorted(),
    );
  });

  it('has no way round CloudFront', () => {
    for (const template of Object.values(templates)) {
      expect(resourcesOf(template, 'AWS::Lambda::Url')).toEqual([]);
      expect(resourcesOf(template, 'AWS::ApiGatewayV2::Api')).toEqual([]);
    }
    const invokers = resourcesOf(edge, 'AWS::Lambda::Permission').map(propertiesOf);
    expect(invokers).toMatchObject([{ Principal: 'elasticloadbalancing.amazonaws.com' }]);
    expect(asText(invokers[0]?.['SourceArn'])).toContain(
      `:targetgroup/picture-search-${settings.environment}-edge/*`,
    );
    const balancers = resourcesOf(templates.network, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
    expect(balancers.map((each) => propertiesOf(each)['Scheme'])).toEqual(['internal']);
    const toPort80 = Object.values(templates)
      .flatMap(ingressRules)
      .filter(({ FromPort, ToPort }) => Number(FromPort) <= 80 && Number(ToPort) >= 80);
    expect(toPort80).toMatchObject([{ SourcePrefixListId: settings.originFacingPrefixList }]);
  });

  it('is asked with every value of a header and of the query', () => {
    const groups = resourcesOf(edge, 'AWS::ElasticLoadBalancingV2::TargetGroup').map(propertiesOf);
    const group = groups.find((each) => each['TargetType'] === 'lambda');
    expect(group).toMatchObject({
      HealthCheckEnabled: false,
      TargetGroupAttributes: [{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }],
      Targets: [{ Id: { Ref: expect.stringMatching(/^Live/) } }],
    });
  });

  it('is answered as a stream by containers where a model is on, and has none where not', () => {
    const rules = resourcesOf(edge, 'AWS::ElasticLoadBalancingV2::ListenerRule').map(propertiesOf);
    if (!usesModel) {
      expect(rules).toEqual([]);
      expect(resourcesOf(edge, 'AWS::ECS::Service')).toEqual([]);
      return;
    }
    expect(asText(rules)).toContain('"HttpHeaderName":"accept","Values":["*text/event-stream*"]');
    const tasks = asText(resourcesOf(edge, 'AWS::ECS::TaskDefinition'));
    expect(tasks).toContain('{"Name":"TRUSTED_PROXIES","Value":"2"}');
    expect(tasks).toContain('{"Name":"OPENAI_API_KEY","ValueFrom":');
    expect(tasks).toContain('"ReadonlyRootFilesystem":true');
  });

  it('lets a new version take over by a canary, and go back by an alarm', () => {
    const [alias] = resourcesOf(edge, 'AWS::Lambda::Alias');
    const groups = resourcesOf(edge, 'AWS::CodeDeploy::DeploymentGroup').map(propertiesOf);
    if (settings.edge.release === 'all-at-once') {
      expect(alias).not.toHaveProperty('UpdatePolicy');
      return;
    }
    expect(alias).toHaveProperty('UpdatePolicy.CodeDeployLambdaAliasUpdate');
    expect(groups).toMatchObject([
      {
        DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: expect.arrayContaining(['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM']),
        },
        AlarmConfiguration: { Enabled: true },
      },
    ]);
    const alarms = resourcesOf(edge, 'AWS::CloudWatch::Alarm').map(propertiesOf);
    expect(alarms.map((each) => each['AlarmName']).toSorted()).toEqual(
      ['errors', 'failures', 'latency'].map(
        (name) => `picture-search-${settings.environment}-release-edge-${name}`,
      ),
    );
    const used = asText(groups[0]?.['AlarmConfiguration']);
    for (const name of ['Releaseerrors', 'Releasefailures', 'Releaselatency']) {
      expect(used).toContain(name);
    }
  });

  it('is warm as often as it is said, and no more at once than may be', () => {
    const { provisionedConcurrency, reservedConcurrency } = settings.edge;
    expect(provisionedConcurrency).toBeLessThanOrEqual(reservedConcurrency);
    const [alias] = resourcesOf(edge, 'AWS::Lambda::Alias').map(propertiesOf);
    const warm = alias?.['ProvisionedConcurrencyConfig'];
    if (provisionedConcurrency === 0) expect(warm).toBeUndefined();
    else expect(warm).toEqual({ ProvisionedConcurrentExecutions: provisionedConcurrency });
    expect(propertiesOf(functionOf(edge, 'edge'))).toMatchObject({
      ReservedConcurrentExecutions: reservedConcurrency,
    });
  });

  it('has its page released after it, and the page after what the page is made of', () => {
    const { Resources = {} } = edge;
    const pages = Object.entries(Resources).filter(([, { Type }]) => {
      return Type === 'Custom::CDKBucketDeployment';
    });
    const [assets, page] = ['PageAssets', 'PageCustom'].map((start) => {
      return pages.find(([name]) => name.startsWith(start));
    });
    expect(pages).toHaveLength(2);
    expect(assets?.[1].Properties).toMatchObject({
      Prune: false,
      Include: ['assets/*'],
      SystemMetadata: { 'cache-control': 'public, max-age=31536000, immutable' },
    });
    expect(assets?.[1].DependsOn).toContainEqual(expect.stringMatching(/^Live/));
    expect(page?.[1].Properties).toMatchObject({
      Prune: false,
      Exclude: ['assets/*'],
      SystemMetadata: { 'cache-control': 'no-cache' },
      DistributionPaths: ['/', '/index.html'],
    });
    expect(page?.[1].DependsOn).toContain(assets?.[0]);
  });

  it('has no finding of cdk-nag that is not explained', () => {
    expect(new AwsSolutionsChecks(app).validateScope(stacks.edge).violations).toEqual([]);
  });
});

describe('a secret that has changed', () => {
  it('makes a new version of the edge, which is released like any other', () => {
    const before = createTestStacks(dev).stacks.edge;
    const after = createTestStacks({ ...dev, secretsVersion: 2 }).stacks.edge;
    const again = createTestStacks(dev).stacks.edge;
    const versionOf = ({ alias }: typeof before) => alias.stack.resolve(alias.version.version);
    expect(versionOf(after)).not.toEqual(versionOf(before));
    expect(versionOf(again)).toEqual(versionOf(before));
  });
});

describe('every function', () => {
  it('has a log that ends, of its own', () => {
    const { templates } = createTestStacks(prod);
    const all = [templates.edge, templates.pipeline, templates.watch];
    const names = all.flatMap((template) =>
      resourcesOf(template, 'AWS::Lambda::Function')
        .filter((each) => propertiesOf(each)['Handler'] === 'lambda.handler')
        .map((each) => nameOf(template, each)),
    );
    expect(names).toContain('edge');
    expect(new Set(names).size).toBe(names.length);
    for (const template of all) {
      for (const group of resourcesOf(template, 'AWS::Logs::LogGroup').map(propertiesOf)) {
        expect(group['RetentionInDays']).toBe(prod.logRetentionDays);
      }
    }
  });
});

type IngressRule = Readonly<Record<string, unknown>>;

function ingressRules(template: TemplateText): readonly IngressRule[] {
  const own = resourcesOf(template, 'AWS::EC2::SecurityGroup').flatMap((group) => {
    return (propertiesOf(group)['SecurityGroupIngress'] ?? []) as readonly IngressRule[];
  });
  return [...own, ...resourcesOf(template, 'AWS::EC2::SecurityGroupIngress').map(propertiesOf)];
}
