import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDataStacks, settingsOf } from '../../test/support/data-stacks.ts';
import { qdrantMemoryMb } from './qdrant-memory.ts';

const dev = createDataStacks(settingsOf('dev'));
const prod = createDataStacks(settingsOf('prod'));
const outside = createDataStacks(
  settingsOf('dev', {
    qdrant: { kind: 'outside', host: 'q.example.com', port: 443, grpcPort: 6334 },
  }),
);
const own = [
  ['dev', dev],
  ['prod', prod],
] as const;

describe.each(own)('the Qdrant of %s', (_, made) => {
  const { all, only, nameOf, resources, later, settings, data } = made;
  it('is one: two never run on one volume', () => {
    expect(only('AWS::AutoScaling::AutoScalingGroup')).toMatchObject({
      MinSize: '1',
      MaxSize: '1',
    });
    const [group] = all('AWS::AutoScaling::AutoScalingGroup');
    expect(group?.[1]).toMatchObject({
      UpdatePolicy: { AutoScalingRollingUpdate: { MinInstancesInService: 0, MaxBatchSize: 1 } },
    });
    expect(only('AWS::ECS::Service')).toMatchObject({
      DesiredCount: 1,
      LaunchType: 'EC2',
      DeploymentConfiguration: { MaximumPercent: 100, MinimumHealthyPercent: 0 },
    });
    expect(only('AWS::EC2::Volume').MultiAttachEnabled).toBe(false);
  });

  it('never starts without its volume', () => {
    const volume = nameOf('AWS::EC2::Volume');
    expect(only('AWS::ECS::Service').PlacementConstraints).toEqual([
      {
        Type: 'memberOf',
        Expression: { 'Fn::Join': ['', ['attribute:index-volume == ', { Ref: volume }]] },
      },
    ]);
    expect(startOf(resources)).toContain(`export VOLUME_ID=\${${volume}}`);
  });

  it('has its index on an encrypted volume of gp3, in one zone with its machine and its task', () => {
    const [zone] = settings.zones;
    expect(only('AWS::EC2::Volume')).toMatchObject({
      AvailabilityZone: zone,
      Encrypted: true,
      VolumeType: 'gp3',
      Size: settings.qdrant.kind === 'own' ? settings.qdrant.volumeGb : 0,
    });
    const subnets = [
      only('AWS::AutoScaling::AutoScalingGroup').VPCZoneIdentifier,
      only('AWS::ECS::Service').NetworkConfiguration.AwsvpcConfiguration.Subnets,
    ];
    for (const ids of subnets) {
      expect(ids).toHaveLength(1);
      expect(JSON.stringify(ids)).toContain('privateSubnet1');
    }
  });

  it('keeps its storage and its snapshots on the volume, and writes nowhere else', () => {
    const { Volumes, ContainerDefinitions } = only('AWS::ECS::TaskDefinition');
    expect(Volumes.map(({ Host }: { Host: { SourcePath: string } }) => Host.SourcePath)).toEqual([
      '/mnt/index/storage',
      '/mnt/index/snapshots',
    ]);
    expect(ContainerDefinitions).toHaveLength(2);
    for (const { ReadonlyRootFilesystem, User, LinuxParameters } of ContainerDefinitions) {
      expect(ReadonlyRootFilesystem).toBe(true);
      expect(User).toBe('1000:1000');
      expect(LinuxParameters.Capabilities).toEqual({ Drop: ['ALL'] });
    }
    const [{ Environment, MountPoints }] = ContainerDefinitions;
    const mounted = MountPoints.map(
      ({ ContainerPath }: { ContainerPath: string }) => ContainerPath,
    );
    for (const { Name, Value } of Environment) {
      if (!Name.endsWith('_PATH')) continue;
      expect(mounted.some((place: string) => Value.startsWith(place))).toBe(true);
    }
  });

  it('asks for a key, which comes as a secret, and has time to end', () => {
    const [qdrant] = only('AWS::ECS::TaskDefinition').ContainerDefinitions;
    expect(qdrant).toMatchObject({
      Essential: true,
      StopTimeout: 120,
      Secrets: [{ Name: 'QDRANT__SERVICE__API_KEY' }],
      HealthCheck: { Command: expect.arrayContaining([expect.stringContaining('/readyz')]) },
    });
    expect(startOf(resources)).toContain('ECS_CONTAINER_STOP_TIMEOUT=120s');
  });

  it('is asked by nobody but those who are let in, by rules of their own stack', () => {
    const rules = Object.values(later).filter(({ Type }) => /SecurityGroup(In|E)gress/.test(Type));
    const ports = rules.map(({ Type, Properties: { FromPort, ToPort, IpProtocol, CidrIp } }) => {
      expect([IpProtocol, CidrIp]).toEqual(['tcp', undefined]);
      return `${Type.includes('Ingress') ? 'in' : 'out'} ${FromPort}-${ToPort}`;
    });
    expect(ports.toSorted()).toEqual([
      'in 6333-6334',
      'in 6379-6380',
      'out 6333-6334',
      'out 6379-6380',
    ]);
  });

  it('is found by a name, in the private network alone', () => {
    expect(only('AWS::ServiceDiscovery::PrivateDnsNamespace').Name).toBe(
      `picture-search-${settings.environment}.internal`,
    );
    expect(data.qdrant.host).toBe(`qdrant.picture-search-${settings.environment}.internal`);
  });

  it('says how full its disk is under the name that the alarm knows', () => {
    const [, report] = only('AWS::ECS::TaskDefinition').ContainerDefinitions;
    const env = Object.fromEntries(
      report.Environment.map(({ Name, Value }: { Name: string; Value: string }) => [Name, Value]),
    );
    const [, , script] = report.EntryPoint;
    const { stdout } = spawnSync('timeout', ['1', 'bash', '-c', script], {
      env: { ...process.env, ...env, PLACE: '/' },
      encoding: 'utf8',
    });
    const document = JSON.parse(stdout.split('\n')[0] ?? '');
    const { namespace, name, dimensions } = data.qdrant.metrics?.disk ?? expect.fail();
    const [{ Namespace, Dimensions, Metrics }] = document['_aws'].CloudWatchMetrics;
    expect([Namespace, Metrics[0].Name]).toEqual([namespace, name]);
    expect(Dimensions).toEqual([Object.keys(dimensions)]);
    expect(document).toMatchObject(dimensions);
    expect(report.Essential).toBe(false);
  });

  it('can be deleted: no capacity provider, and its task ends before its machine', () => {
    expect(JSON.stringify(resources)).not.toContain('CapacityProvider');
    const group = nameOf('AWS::AutoScaling::AutoScalingGroup');
    const service = resources[nameOf('AWS::ECS::Service')];
    expect(service?.DependsOn).toContain(group);
  });

  it('runs on a machine with IMDSv2 and an encrypted disk, which may attach this volume alone', () => {
    const { LaunchTemplateData } = only('AWS::EC2::LaunchTemplate');
    expect(LaunchTemplateData).toMatchObject({
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
    });
    const { Statement } = only('AWS::IAM::ManagedPolicy').PolicyDocument;
    const attach = Statement.filter(
      ({ Action }: { Action: string }) => Action === 'ec2:AttachVolume',
    );
    const tag = `picture-search-${settings.environment}-qdrant`;
    expect(attach).toMatchObject([
      { Resource: { 'Fn::Join': ['', expect.arrayContaining([':volume/'])] } },
      { Resource: '*', Condition: { StringEquals: { 'ec2:ResourceTag/Name': tag } } },
    ]);
    expect(only('AWS::AutoScaling::AutoScalingGroup').Tags).toContainEqual(
      expect.objectContaining({ Key: 'Name', Value: tag, PropagateAtLaunch: true }),
    );
    expect(JSON.stringify(Statement)).not.toMatch(/DetachVolume|DeleteVolume|ec2:\*/);
  });

  it('is started by a script that bash takes and EC2 has room for', () => {
    const text = startOf(resources);
    expect(text.startsWith('#!/bin/bash\n')).toBe(true);
    expect(Buffer.byteLength(text)).toBeLessThan(12_000);
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('the machine of Qdrant', () => {
  it('is replaced when the volume grows, so that its file system does', () => {
    const larger = createDataStacks(
      settingsOf('dev', { qdrant: { kind: 'own', instanceType: 't4g.medium', volumeGb: 40 } }),
    );
    expect(startOf(larger.resources)).not.toBe(startOf(dev.resources));
  });

  it('starts Qdrant anew when the version of the secrets is raised', () => {
    const raised = createDataStacks(settingsOf('dev', { secretsVersion: 2 }));
    const taskOf = ({ only }: typeof dev) => only('AWS::ECS::TaskDefinition').ContainerDefinitions;
    expect(taskOf(raised)).not.toEqual(taskOf(dev));
    expect(startOf(raised.resources)).toBe(startOf(dev.resources));
  });

  it('is of the processor that its type has', () => {
    const intel = createDataStacks(
      settingsOf('dev', { qdrant: { kind: 'own', instanceType: 'r7i.large', volumeGb: 20 } }),
    );
    const imageOf = ({ only }: typeof dev) =>
      JSON.stringify(only('AWS::EC2::LaunchTemplate').LaunchTemplateData.ImageId);
    expect(imageOf(dev)).toContain('arm64');
    expect(imageOf(intel)).not.toContain('arm64');
  });

  it('gives Qdrant nearly all of its memory', () => {
    expect(qdrantMemoryMb('t4g.medium')).toBe(3430);
    expect(qdrantMemoryMb('r7g.large')).toBe(14_489);
    expect(qdrantMemoryMb('r7g.2xlarge')).toBe(58_726);
    expect(qdrantMemoryMb('m7i-flex.xlarge')).toBe(14_489);
    expect(qdrantMemoryMb('c7g.16xlarge')).toBe(117_708);
  });

  it.each(['g6.xlarge', 'r7g.metal', 'r7g', 't4g.nano', ''])('cannot be %j', (type) => {
    expect(() => qdrantMemoryMb(type)).toThrow('of no known size');
  });
});

describe('the volume of Qdrant', () => {
  const restored = createDataStacks(
    settingsOf('prod', {
      qdrant: {
        kind: 'own',
        instanceType: 'r7g.2xlarge',
        volumeGb: 500,
        restoreFrom: 'snap-0123456789abcdef0',
      },
    }),
  );

  it('outlives everything in prod, and is copied every night whatever its size', () => {
    const volume = prod.resources[prod.nameOf('AWS::EC2::Volume')];
    expect(volume).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    const { PolicyDetails, State } = prod.only('AWS::DLM::LifecyclePolicy');
    expect(State).toBe('ENABLED');
    expect(PolicyDetails.Schedules).toMatchObject([
      { CreateRule: { Interval: 24, IntervalUnit: 'HOURS' }, RetainRule: { Count: 7 } },
    ]);
    const [tag] = PolicyDetails.TargetTags;
    expect(volume?.Properties.Tags).toContainEqual(tag);
    // Of nothing else that is tagged so, such as the disks of the machines.
    const { LaunchTemplateData } = prod.only('AWS::EC2::LaunchTemplate');
    expect(JSON.stringify(LaunchTemplateData.TagSpecifications)).not.toContain(tag.Key);
    expect(dev.all('AWS::DLM::LifecyclePolicy')).toEqual([]);
  });

  it('is another one when it is made of a snapshot, and the one of before is not touched', () => {
    const before = prod.nameOf('AWS::EC2::Volume');
    const now = restored.nameOf('AWS::EC2::Volume');
    expect(now).not.toBe(before);
    expect(restored.only('AWS::EC2::Volume').SnapshotId).toBe('snap-0123456789abcdef0');
    expect(startOf(restored.resources)).toContain(`export VOLUME_ID=\${${now}}`);
    expect(JSON.stringify(restored.only('AWS::ECS::Service'))).toContain(now);
    expect(JSON.stringify(restored.resources)).not.toContain(before);
  });
});

describe('a Qdrant outside', () => {
  it('brings no machine, no volume and no cluster, and is asked over TLS', () => {
    const types = new Set(Object.values(outside.resources).map(({ Type }) => Type));
    for (const type of types) expect(type).not.toMatch(/ECS|EC2::(Vol|Launch)|AutoScal|Discovery/);
    expect(outside.data.qdrant).toMatchObject({
      host: 'q.example.com',
      port: 443,
      grpcPort: 6334,
      tls: true,
      metrics: undefined,
    });
    expect(outside.data.qdrant.apiKey.secretName).toBe('picture-search/dev/qdrant-api-key');
    expect(JSON.stringify(outside.later)).not.toContain('6334');
  });
});

describe('the image of Qdrant', () => {
  const versionIn = (file: string) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    return /qdrant\/qdrant:(v1\.\d+\.\d+)/.exec(text)?.[1];
  };

  it('is of one version on AWS and on a laptop, and only copied', () => {
    expect(versionIn('cdk/qdrant/Dockerfile')).toBe(versionIn('docker-compose.yml'));
    const text = readFileSync(new URL('../qdrant/Dockerfile', import.meta.url), 'utf8');
    const steps = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(steps).toEqual([expect.stringMatching(/^FROM qdrant\/qdrant:v1\.(1[6-9])\./)]);
  });
});

/** The user data, with `${name}` for what CloudFormation fills in. */
function startOf(resources: typeof dev.resources): string {
  const template = Object.values(resources).find(({ Type }) => Type === 'AWS::EC2::LaunchTemplate');
  const joined = template?.Properties.LaunchTemplateData.UserData['Fn::Base64']['Fn::Join'][1];
  return joined
    .map((part: string | { Ref: string }) => (typeof part === 'string' ? part : `\${${part.Ref}}`))
    .join('');
}
