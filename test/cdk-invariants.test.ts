import { describe, expect, it } from 'vitest';
import { environments } from '../cdk/settings.ts';
import { createTestStacks } from './support/cdk-app.ts';
import { ingressOf } from './support/cdk-network-rules.ts';
import {
  listOf,
  type PlacedResource,
  refersTo,
  resourcesOf,
  statementsOf,
  textsIn,
} from './support/cdk-resources.ts';

/** What keeps something that nobody can make again, or that somebody wants to read afterwards. */
const keepers =
  /^AWS::(S3::Bucket|EC2::Volume|SQS::Queue|Logs::LogGroup|SecretsManager::Secret|ElastiCache::ServerlessCache|KMS::Key|EFS::FileSystem|RDS::DBInstance|DynamoDB::Table)$/;

/** Why something that keeps goes with its stack in prod all the same. */
const mayGo: readonly (readonly [RegExp, string])[] = [
  [/^data (ServiceSecret|CachePassword|QdrantKey)/, 'made anew by the stack; nobody else knows it'],
  [/^data Cache/, 'answers that are searched again'],
  [/^(pipeline|watch) \w*DeadLetters/, 'which run failed: the next one looks at everything again'],
  [/^edge PageLogs/, 'what copying the page said'],
];

describe.each(Object.values(environments))('Of the stacks of $environment', (settings) => {
  const { environment, originFacingPrefixList, llm } = settings;
  const resources = resourcesOf(createTestStacks(settings));
  const all = (type: string) => resources.filter((one) => one.type === `AWS::${type}`);
  const names = (found: readonly PlacedResource[]) => found.map(({ name }) => name);
  const statements = statementsOf(resources);
  const alarms = all('CloudWatch::Alarm');

  it('there is something to look at', () => {
    expect(resources.length).toBeGreaterThan(150);
    for (const type of ['SQS::Queue', 'S3::Bucket', 'Lambda::Function', 'EC2::SecurityGroup']) {
      expect(all(type).length).toBeGreaterThan(2);
    }
    expect(statements.length).toBeGreaterThan(30);
  });

  it('only CloudFront reaches the edge', () => {
    const balancers = all('ElasticLoadBalancingV2::LoadBalancer');
    expect(balancers.map(({ properties }) => properties['Scheme'])).toEqual(['internal']);
    // No other door: no address of its own, no gateway.
    expect(names(all('Lambda::Url'))).toEqual([]);
    expect(resources.filter(({ type }) => /ApiGateway|AppSync|Cognito/.test(type))).toEqual([]);
    const [balancer] = balancers;
    const groups = listOf(balancer?.properties['SecurityGroups']);
    const ofBalancer = ingressOf(resources).filter(({ group }) => refersTo(groups, group));
    const toEdge = ofBalancer.filter(({ from, to }) => from <= 80 && to >= 80);
    expect(toEdge.map(({ source }) => source)).toEqual([originFacingPrefixList]);
    const [vpcOrigin] = all('CloudFront::VpcOrigin');
    expect(refersTo(vpcOrigin?.properties, { id: balancer?.id ?? '' })).toBe(true);
    const invokers = all('Lambda::Permission').filter(({ stack }) => stack === 'edge');
    expect(invokers.map(({ properties }) => properties['Principal'])).toEqual([
      'elasticloadbalancing.amazonaws.com',
    ]);
  });

  it('no security group is open to the world', () => {
    const rules = ingressOf(resources);
    expect(rules.length).toBeGreaterThan(5);
    const open = rules.filter(
      ({ source }) =>
        typeof source === 'string' && !/^(10\.|pl-)/.test(source) && !source.startsWith('sg-'),
    );
    expect(open.map(({ group, source }) => `${group.name}: ${String(source)}`)).toEqual([]);
    expect(rules.filter(({ source }) => source === undefined)).toEqual([]);
  });

  it('nothing inside has an address on the internet, nor a needless way there', () => {
    const publicly = all('EC2::Subnet').filter(
      ({ properties }) => properties['MapPublicIpOnLaunch'] !== false,
    );
    expect(names(publicly)).toEqual([]);
    const texts = resources.flatMap(({ properties }) => assignments(properties));
    expect(texts.filter((value) => value !== 'DISABLED' && value !== false)).toEqual([]);
    if (llm.explanations || llm.reranking) return;
    expect(names(all('EC2::NatGateway'))).toEqual([]);
    expect(names(all('EC2::Route'))).toEqual([]);
  });

  it('every queue has a dead-letter queue and an alarm', () => {
    const queues = all('SQS::Queue');
    const targets = resources.flatMap(({ properties }) => deadLetterTargets(properties));
    const isDeadLetters = (queue: PlacedResource) => refersTo(targets, queue);
    const without = queues.filter(
      (queue) => !isDeadLetters(queue) && queue.properties['RedrivePolicy'] === undefined,
    );
    expect(names(without)).toEqual([]);
    const silent = queues.filter(
      (queue) => !alarms.some(({ properties }) => refersTo(properties, queue)),
    );
    expect(names(silent)).toEqual([]);
    // And whoever is told of them.
    const mute = alarms.filter(
      ({ stack, properties }) =>
        stack === 'watch' && listOf(properties['AlarmActions']).length === 0,
    );
    expect(names(mute)).toEqual([]);
  });

  it('every function that nobody waits for tells where it failed', () => {
    const called = all('Events::Rule').concat(all('Scheduler::Schedule'));
    const functions = all('Lambda::Function').filter((one) =>
      called.some(({ properties }) => refersTo(properties['Targets'] ?? properties['Target'], one)),
    );
    expect(functions.length).toBeGreaterThan(1);
    const configs = all('Lambda::EventInvokeConfig');
    const silent = functions.filter(
      (one) =>
        !configs.some(
          ({ properties }) =>
            refersTo(properties['FunctionName'], one) && properties['DestinationConfig'],
        ),
    );
    expect(names(silent)).toEqual([]);
  });

  it("the visibility timeout is six times the function's", () => {
    const sources = all('Lambda::EventSourceMapping');
    expect(sources).toHaveLength(1);
    for (const { properties } of sources) {
      const queue = all('SQS::Queue').find((one) => refersTo(properties['EventSourceArn'], one));
      const reader = all('Lambda::Function').find((one) =>
        refersTo(properties['FunctionName'], one),
      );
      expect(queue?.properties['VisibilityTimeout']).toBe(
        6 * Number(reader?.properties['Timeout'] ?? Number.NaN),
      );
      expect(properties['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures']);
    }
  });

  it.runIf(settings.keepData)('nothing in prod is destroyed with the stack', () => {
    const kept = /^(Retain|RetainExceptOnCreate|Snapshot)$/;
    const going = resources.filter(
      ({ type, template }) =>
        keepers.test(type) &&
        !(
          kept.test(template.DeletionPolicy ?? '') && kept.test(template.UpdateReplacePolicy ?? '')
        ),
    );
    const unexplained = going.filter(({ name }) => !mayGo.some(([which]) => which.test(name)));
    expect(names(unexplained)).toEqual([]);
    // A reason for something that is kept after all, or is gone, is no reason.
    const idle = mayGo.filter(([which]) => !going.some(({ name }) => which.test(name)));
    expect(idle.map(([which]) => String(which))).toEqual([]);
    expect(resources.filter(({ type }) => type === 'Custom::S3AutoDeleteObjects')).toEqual([]);
  });

  it('every bucket is private, encrypted and TLS only', () => {
    for (const bucket of all('S3::Bucket')) {
      const { name, properties } = bucket;
      expect.soft(properties['BucketEncryption'], name).toBeDefined();
      expect.soft(properties['PublicAccessBlockConfiguration'], name).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      const denied = statements.filter(
        ({ of, effect, condition }) =>
          effect === 'Deny' &&
          refersTo(of.properties['Bucket'], bucket) &&
          JSON.stringify(condition ?? {}).includes('"aws:SecureTransport":"false"'),
      );
      expect.soft(denied, name).toHaveLength(1);
    }
  });

  it('everything that keeps or carries is encrypted, and by TLS alone', () => {
    for (const { name, properties } of all('SQS::Queue')) {
      const isEncrypted =
        properties['SqsManagedSseEnabled'] === true || properties['KmsMasterKeyId'] !== undefined;
      expect.soft(isEncrypted, name).toBe(true);
    }
    for (const queue of all('SQS::Queue')) {
      const policy = all('SQS::QueuePolicy').find((one) => refersTo(one.properties, queue));
      expect.soft(JSON.stringify(policy?.properties), queue.name).toContain('SecureTransport');
    }
    for (const { name, properties } of all('EC2::Volume')) {
      expect.soft(properties['Encrypted'], name).toBe(true);
    }
    for (const { name, properties } of all('CloudFront::Distribution')) {
      const text = JSON.stringify(properties);
      expect.soft(text, name).not.toContain('allow-all');
      expect.soft(text, name).toContain('redirect-to-https');
    }
  });

  it('logs end some day', () => {
    expect(all('Logs::LogGroup').length).toBeGreaterThan(5);
    const endless = all('Logs::LogGroup').filter(
      ({ properties }) => properties['RetentionInDays'] === undefined,
    );
    expect(names(endless)).toEqual([]);
  });

  it("every function's environment has no secret", () => {
    for (const { name, properties } of all('Lambda::Function')) {
      const variables = JSON.stringify(properties['Environment'] ?? {});
      // A secret that is resolved at deployment stands in the function's settings for all to read.
      expect.soft(variables, name).not.toContain('resolve:secretsmanager');
      expect.soft(variables, name).not.toMatch(/SecretString|ps_[\w-]{43}/);
      const plain = /"(SERVICE_SECRET|API_KEYS?|QDRANT_API_KEY|REDIS_PASSWORD|OPENAI_API_KEY)":/;
      expect.soft(variables, name).not.toMatch(plain);
    }
    for (const { name, properties } of all('ECS::TaskDefinition')) {
      for (const container of listOf(properties['ContainerDefinitions'])) {
        const variables = textsIn((container as Record<string, unknown>)['Environment']);
        expect
          .soft(
            variables.filter((text) => /^(SERVICE_SECRET|.*API_KEY|.*PASSWORD)$/.test(text)),
            name,
          )
          .toEqual([]);
      }
    }
  });

  it('no policy has a wildcard action, and none that is not its own has a wildcard resource', () => {
    const allowed = statements.filter(({ effect }) => effect === 'Allow');
    const said = ({ of, actions }: (typeof allowed)[number]) => `${of.name}: ${actions.join(', ')}`;
    const everything = allowed.filter(({ actions }) =>
      actions.some((action) => action === '*' || action.endsWith(':*')),
    );
    // A key's own policy names the key; an endpoint's takes away, and gives nobody anything.
    const granting = everything.filter(({ of }) => !/KMS::Key|EC2::VPCEndpoint/.test(of.type));
    expect(granting.map(said)).toEqual([]);
    // Actions that know no resource, or whose resource is made by AWS meanwhile.
    const resourceless =
      /^(ecr:GetAuthorizationToken|ecs:(DiscoverPollEndpoint|Poll|StartTelemetrySession|UpdateContainerInstancesState)|ec2:(Describe\w+|CreateNetworkInterface|DeleteNetworkInterface|(Una|A)ssignPrivateIpAddresses|AttachVolume)|elasticloadbalancing:Describe\w+|logs:(CreateLogStream|PutLogEvents)|cloudwatch:PutMetricData|xray:Put\w+)$/;
    const roles = allowed.filter(({ of }) => of.type.startsWith('AWS::IAM::'));
    const wide = roles.filter(
      ({ actions, resources: on }) =>
        on.includes('*') && !actions.every((action) => resourceless.test(action)),
    );
    expect(wide.map(said)).toEqual([]);
    const anybody = allowed.filter(
      ({ of, principal, condition }) =>
        JSON.stringify(principal ?? '').includes('"*"') &&
        condition === undefined &&
        of.type !== 'AWS::EC2::VPCEndpoint',
    );
    expect(anybody.map(said)).toEqual([]);
  });

  it('alarms and log groups are called after the environment', () => {
    const named = [
      ...alarms.map((one) => ({ one, name: one.properties['AlarmName'] })),
      ...all('Logs::LogGroup').map((one) => ({ one, name: one.properties['LogGroupName'] })),
    ].filter(({ name }) => typeof name === 'string');
    expect(named.length).toBeGreaterThan(20);
    const strangers = named.filter(
      ({ name }) => !String(name).includes(`picture-search-${environment}`),
    );
    expect(names(strangers.map(({ one }) => one))).toEqual([]);
  });
});

/** What decides about public addresses. */
function assignments(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'AssignPublicIp' || key === 'AssociatePublicIpAddress' ? [inner] : assignments(inner),
  );
}

/** Wherever a template says where failures go. */
function deadLetterTargets(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    ['deadLetterTargetArn', 'DeadLetterConfig', 'OnFailure'].includes(key)
      ? [inner]
      : deadLetterTargets(inner),
  );
}
