import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, describe, expect, it } from 'vitest';
import { createTestApp } from '../../test/support/cdk-app.ts';
import { propertiesOf, resourcesOf } from '../../test/support/template-resources.ts';
import { environments, type Settings } from '../settings.ts';
import { NetworkStack } from './network-stack.ts';

const { dev, prod } = environments as { readonly dev: Settings; readonly prod: Settings };

const account = '111122223333';

const outdir = mkdtempSync(join(tmpdir(), 'picture-search-network-'));
let apps = 0;

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

function createNetwork(settings: Settings) {
  const app = createTestApp(join(outdir, String((apps += 1))));
  const stack = new NetworkStack(app, 'network', {
    settings,
    // With an account CDK would look zones up, if it were not told.
    env: { account, region: settings.region },
  });
  return { app, settings, stack, checks: new AwsSolutionsChecks(app) };
}

function create(settings: Settings) {
  const network = createNetwork(settings);
  const { missing } = network.app.synth().manifest;
  return { ...network, missing, template: Template.fromStack(network.stack) };
}

const inDev = create(dev);
const inProd = create(prod);
const withModel = create({ ...prod, llm: { ...prod.llm, explanations: true } });
const withOutsideQdrant = create({
  ...prod,
  qdrant: { kind: 'outside', host: 'qdrant.example.com', port: 6333, grpcPort: 6334 },
});
const elsewhere = create({
  ...prod,
  region: 'eu-central-1',
  zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
});
const all = [
  ['dev', inDev],
  ['prod', inProd],
  ['prod with a language model', withModel],
  ['another region', elsewhere],
] as const;

type Rule = Readonly<Record<string, unknown>>;

/** Every rule that lets somebody in, be it part of its group or a resource of its own. */
function ingress(template: Template): { readonly group: string; readonly rule: Rule }[] {
  const groups = Object.entries(resourcesOf(template, 'AWS::EC2::SecurityGroup'));
  const inline = groups.flatMap(([group, { Properties }]) =>
    (Properties.SecurityGroupIngress ?? []).map((rule: Rule) => ({ group, rule })),
  );
  const separate = propertiesOf(template, 'AWS::EC2::SecurityGroupIngress');
  return [...inline, ...separate.map((rule) => ({ group: rule.GroupId['Fn::GetAtt'][0], rule }))];
}

function balancerOf(template: Template) {
  return propertiesOf(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer')[0];
}

function s3Of(template: Template) {
  return propertiesOf(template, 'AWS::EC2::VPCEndpoint').find(
    ({ VpcEndpointType }) => VpcEndpointType === 'Gateway',
  );
}

function attributesOf(template: Template): Record<string, string> {
  return Object.fromEntries(
    balancerOf(template).LoadBalancerAttributes.map(
      ({ Key, Value }: { readonly Key: string; readonly Value: string }) => [Key, Value],
    ),
  );
}

function privateSubnets(template: Template) {
  return Object.entries(resourcesOf(template, 'AWS::EC2::Subnet'))
    .filter(([id]) => id.includes('private'))
    .map(([id, { Properties }]) => [id, Properties.CidrBlock, Properties.AvailabilityZone]);
}

describe.each(all)('the network in %s', (_, { settings, template, missing }) => {
  it('is made without asking anybody: zones are those of the settings', () => {
    expect(missing).toBeUndefined();
    expect(privateSubnets(template).map(([, , zone]) => zone)).toStrictEqual(settings.zones);
  });

  it('has no security group that is open to the world', () => {
    const rules = ingress(template);
    expect(rules.length).toBeGreaterThan(1);
    for (const { rule } of rules) {
      expect([undefined, '10.0.0.0/16']).toContain(rule['CidrIp']);
      expect(rule['CidrIpv6']).toBeUndefined();
    }
  });

  it('takes every rule away from the default security group', () => {
    expect(propertiesOf(template, 'Custom::VpcRestrictDefaultSG')).toHaveLength(1);
  });

  it('gives nothing a public address', () => {
    for (const { MapPublicIpOnLaunch } of propertiesOf(template, 'AWS::EC2::Subnet')) {
      expect(MapPublicIpOnLaunch).toBe(false);
    }
  });

  it('has an internet gateway, which CloudFront wants to see', () => {
    expect(propertiesOf(template, 'AWS::EC2::VPCGatewayAttachment')).toHaveLength(1);
  });

  it('has private endpoints in as many zones as the settings say', () => {
    const endpoints = propertiesOf(template, 'AWS::EC2::VPCEndpoint');
    const interfaces = endpoints.filter(({ PrivateDnsEnabled }) => PrivateDnsEnabled === true);
    expect(interfaces).toHaveLength(9);
    for (const { SubnetIds } of interfaces) expect(SubnetIds).toHaveLength(settings.endpointZones);
  });

  it('reaches S3 from every private subnet', () => {
    expect(s3Of(template).RouteTableIds).toHaveLength(settings.zones.length);
  });

  it('logs all its traffic, as long as the settings say', () => {
    expect(propertiesOf(template, 'AWS::EC2::FlowLog')).toMatchObject([{ TrafficType: 'ALL' }]);
    expect(propertiesOf(template, 'AWS::Logs::LogGroup')).toMatchObject([
      { RetentionInDays: settings.logRetentionDays },
    ]);
  });
});

describe('the way out', () => {
  it.each([
    ['dev', inDev],
    ['prod', inProd],
  ])('is not there: there is no NAT where no language model is on (%s)', (_, { template }) => {
    expect(propertiesOf(template, 'AWS::EC2::NatGateway')).toStrictEqual([]);
    // The internet gateway is for CloudFront alone: no route leads to it.
    expect(propertiesOf(template, 'AWS::EC2::Route')).toStrictEqual([]);
  });

  it.each([
    ['a language model is on', withModel],
    ['Qdrant is somebody else’s', withOutsideQdrant],
  ])('is one NAT where %s', (_, { template }) => {
    expect(propertiesOf(template, 'AWS::EC2::NatGateway')).toHaveLength(1);
  });

  it('moves no subnet and no gateway when it is added', () => {
    expect(privateSubnets(withModel.template)).toStrictEqual(privateSubnets(inProd.template));
    for (const type of ['AWS::EC2::InternetGateway', 'AWS::EC2::VPCGatewayAttachment']) {
      expect(withModel.template.findResources(type)).toStrictEqual(
        inProd.template.findResources(type),
      );
    }
  });

  it('leaves subnets where they are when a zone is added', () => {
    const oneMore = create({ ...withModel.settings, zones: [...prod.zones, 'us-east-1c'] });
    const before = withModel.template.findResources('AWS::EC2::Subnet');
    const after = oneMore.template.findResources('AWS::EC2::Subnet');
    expect(Object.keys(after)).toHaveLength(Object.keys(before).length + 2);
    expect(after).toMatchObject(before);
  });
});

describe('S3, from within', () => {
  it('is the buckets of this account, and what containers and machines are made of', () => {
    const { Statement } = s3Of(elsewhere.template).PolicyDocument;
    expect(Statement).toMatchObject([
      { Condition: { StringEquals: { 'aws:ResourceAccount': '111122223333' } } },
      {
        Action: 's3:GetObject',
        Resource: [
          'arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/*',
          'arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*',
        ],
      },
    ]);
    expect(Statement).toHaveLength(2);
  });
});

describe.each(all)('the load balancer in %s', (_, { settings, template }) => {
  it('is internal', () => {
    expect(balancerOf(template).Scheme).toBe('internal');
    expect(balancerOf(template).Subnets).toHaveLength(settings.zones.length);
    expect(JSON.stringify(balancerOf(template).Subnets)).not.toContain('public');
  });

  it('only CloudFront reaches the edge’s listener', () => {
    const groups = JSON.stringify(balancerOf(template).SecurityGroups);
    const rules = ingress(template).filter(({ group }) => groups.includes(`"${group}"`));
    expect(rules.map(({ rule }) => rule)).toStrictEqual([
      expect.objectContaining({
        IpProtocol: 'tcp',
        FromPort: 80,
        ToPort: 80,
        SourcePrefixListId: settings.originFacingPrefixList,
      }),
    ]);
  });

  it('drops headers that are none', () => {
    expect(attributesOf(template)['routing.http.drop_invalid_header_fields.enabled']).toBe('true');
  });

  it('holds a connection longer than a request may take', () => {
    const idleSeconds = Number(attributesOf(template)['idle_timeout.timeout_seconds']);
    expect(idleSeconds * 1000).toBeGreaterThan(settings.edge.requestTimeoutMs + 2000);
  });

  it('is protected where data is kept', () => {
    const isProtected = attributesOf(template)['deletion_protection.enabled'] === 'true';
    expect(isProtected).toBe(settings.keepData);
  });
});

describe('a later stack that lets somebody in', () => {
  const { app, stack } = createNetwork(dev);
  const later = new Stack(app, 'later', { env: { account, region: dev.region } });
  const caller = new SecurityGroup(later, 'Caller', { vpc: stack.vpc, allowAllOutbound: false });
  caller.connections.allowTo(stack.balancer, Port.tcp(8000));

  it('has its rules itself, and none for the group of CloudFront: 55 of its 60 are taken', () => {
    for (const type of ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress']) {
      const rules = propertiesOf(Template.fromStack(later), type);
      expect(rules).toMatchObject([{ FromPort: 8000, ToPort: 8000 }]);
      expect(JSON.stringify(rules)).toContain('BalancerGroup');
    }
  });
});

describe('the stack', () => {
  it.each(all)('has no finding of cdk-nag in %s', (_, { checks, stack }) => {
    expect(checks.validateScope(stack).violations).toStrictEqual([]);
  });
});
