import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readIndexJob } from '../../gpu-service/index-job/settings.ts';
import { expectOk } from '../../test/support/expect-ok.ts';
import { Container, containers, deployService, textsOf } from '../../test/support/service-stack.ts';
import { groupSizes, targetCapacityPercent } from '../constructs/gpu-machines.ts';
import type { GpuService, Settings } from '../settings.ts';

const dev = deployService('dev');
const prod = deployService('prod');
const both = [
  ['dev', dev],
  ['prod', prod],
] as const;
const gpu = gpuOf(prod.settings);

describe('the machines', () => {
  const { template } = prod;

  it('are none where there is no GPU', () => {
    expect(dev.template.findResources('AWS::AutoScaling::AutoScalingGroup')).toEqual({});
    const [service] = Object.values(dev.template.findResources('AWS::ECS::Service'));
    expect(service?.['Properties'].LaunchType).toBe('FARGATE');
  });

  it('are one more than tasks, whatever the number of tasks is', () => {
    expect(gpu.spareInstances).toBe(1);
    template.hasResourceProperties('AWS::ECS::CapacityProvider', {
      AutoScalingGroupProvider: {
        ManagedScaling: { Status: 'ENABLED', TargetCapacity: targetCapacityPercent(gpu) },
        ManagedDraining: 'ENABLED',
      },
    });
    for (let tasks = 1; tasks <= gpu.maxTasks; tasks += 1) {
      const machines = Math.ceil((100 * tasks) / targetCapacityPercent(gpu));
      expect(machines).toBe(tasks + gpu.spareInstances);
    }
  });

  it('may be two for each task during a release, and are never fewer than tasks and spare', () => {
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MinSize: String(gpu.minTasks + gpu.spareInstances),
      MaxSize: String(2 * gpu.maxTasks),
    });
    const wide = { ...gpu, maxTasks: 1, spareInstances: 3 };
    expect(groupSizes(wide).maxCapacity).toBe(4);
  });

  it('have the image before a task needs it, the spare too', () => {
    const services = template.findResources('AWS::ECS::Service', {
      Properties: { SchedulingStrategy: 'DAEMON' },
    });
    const [keeper] = Object.keys(services);
    expect(keeper).toBeDefined();
    const [service, sleeping] = containers(template);
    expect(sleeping?.['Image']).toEqual(service?.['Image']);
    expect(sleeping).not.toHaveProperty('ResourceRequirements');
    // A release fetches the image first, while the old tasks answer.
    template.hasResource('AWS::ECS::Service', {
      Properties: { SchedulingStrategy: 'REPLICA' },
      DependsOn: Match.arrayWith([String(keeper)]),
    });
  });

  it('have one GPU for each task', () => {
    const [task] = containers(template, 'gpu-service');
    expect(task).toMatchObject({ ResourceRequirements: [{ Type: 'GPU', Value: '1' }] });
  });

  it('have an encrypted disk, and give their rights to nobody', () => {
    template.allResourcesProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        BlockDeviceMappings: [{ Ebs: Match.objectLike({ Encrypted: true, VolumeSize: 100 }) }],
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      },
    });
    expect(JSON.stringify(template.toJSON())).toContain('ECS_AWSVPC_BLOCK_IMDS=true');
  });

  it('are asked for by a parameter that is read at deployment', () => {
    const parameters = JSON.stringify(template.findParameters('*'));
    expect(parameters).toContain('/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/');
  });

  it('go after the service, so that the stack can be deleted', () => {
    const [associations = ''] = Object.keys(
      template.findResources('AWS::ECS::ClusterCapacityProviderAssociations'),
    );
    const services = Object.values(template.findResources('AWS::ECS::Service'));
    for (const { DependsOn } of services) expect(DependsOn).toContain(associations);
    template.hasResourceProperties('AWS::ECS::CapacityProvider', {
      AutoScalingGroupProvider: { ManagedTerminationProtection: 'DISABLED' },
    });
  });
});

describe.each(both)('the backfill of %s', (_, { template, settings }) => {
  const [[, job] = []] = Object.entries(template.findResources('AWS::Batch::JobDefinition'));
  const properties = Container.parse({
    Name: 'job',
    ...job?.['Properties'].ContainerProperties,
  });

  it('runs the program with arguments and variables that it understands', () => {
    const Command = z.array(z.string()).parse(properties['Command']);
    const parameters: Record<string, unknown> = job?.['Properties'].Parameters;
    expect(Command.slice(0, 3)).toEqual([
      'node',
      '--disable-warning=ExperimentalWarning',
      'gpu-service/index-job/main.ts',
    ]);
    expect(JSON.stringify(parameters['pictures'])).toContain('s3://');
    const given = { ...parameters, pictures: 's3://a-bucket/' };
    const args = Command.slice(3).map((word) =>
      word.startsWith('Ref::') ? String(given[word.slice(5) as keyof typeof given]) : word,
    );
    const env = textsOf(properties);
    const read = expectOk(
      readIndexJob(args, { ...env, SERVICE_SECRET: 's'.repeat(16), REDIS_PORT: '6379' }),
    );
    expect(read.settings).toMatchObject({ bucket: 'a-bucket', prefix: '', batchSize: 256 });
    expect(read.config).toMatchObject({ REDIS_TLS: true, REDIS_CLUSTER: true });
  });

  it('is tried three times, on machines that are there while there is something to do', () => {
    expect(job?.['Properties'].RetryStrategy).toMatchObject({ Attempts: 3 });
    expect(job?.['Properties'].Timeout.AttemptDurationSeconds).toBeGreaterThan(3600);
    template.hasResourceProperties('AWS::Batch::ComputeEnvironment', {
      ComputeResources: {
        Type: 'EC2',
        MinvCpus: 0,
        MaxvCpus: settings.backfill.maxVcpus,
        InstanceTypes: [settings.backfill.instanceType],
      },
    });
  });

  it('has a GPU where the service has one', () => {
    const needs = z
      .array(z.object({ Type: z.string(), Value: z.string() }))
      .parse(properties['ResourceRequirements']);
    const wanted = needs.filter(({ Type }) => Type === 'GPU').map(({ Value }) => Value);
    expect(wanted).toEqual(settings.service.kind === 'gpu' ? ['1'] : []);
  });

  it('is given its secrets by ECS, and may write below one prefix alone', () => {
    const names = properties.Secrets.map(({ Name }) => Name).toSorted();
    expect(names).toEqual(['QDRANT_API_KEY', 'REDIS_PASSWORD', 'SERVICE_SECRET']);
    const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
    const [, own] = policies.find(([name]) => name.startsWith('BackfillRole')) ?? [];
    const statements = z
      .array(
        z.object({ Action: z.union([z.string(), z.array(z.string())]), Resource: z.unknown() }),
      )
      .parse(own?.['Properties'].PolicyDocument.Statement);
    const rights = statements.map(({ Action, Resource }) => {
      const objects = /"(\/[^"]*)"\]\]/.exec(JSON.stringify(Resource))?.[1] ?? '';
      return `${[Action].flat().toSorted().join(' ')} ${objects}`.trim();
    });
    expect(rights).toEqual([
      's3:ListBucket',
      's3:GetObject /*',
      's3:DeleteObject s3:PutObject /.picture-search/*',
    ]);
  });

  it('tells how it is started', () => {
    const [output] = Object.values(template.findOutputs('BackfillCommand'));
    const name = `picture-search-${settings.environment}-backfill`;
    expect(output?.['Value']).toContain(`aws batch submit-job`);
    expect(output?.['Value']).toContain(`--job-queue ${name} --job-definition ${name}`);
    template.hasResourceProperties('AWS::Batch::JobQueue', { JobQueueName: name });
    template.hasResourceProperties('AWS::Batch::JobDefinition', { JobDefinitionName: name });
  });
});

function gpuOf({ service }: Settings): GpuService {
  if (service.kind !== 'gpu') throw new Error('There is no GPU');
  return service;
}
