import { Match } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { precisionsOf } from '../../adapters/model-pull-ensure.ts';
import { registeredModels } from '../../adapters/model-registry.ts';
import { GpuServiceConfig } from '../../gpu-service/config.ts';
import { containers, deployService, textsOf, Variables } from '../../test/support/service-stack.ts';

const both = [
  ['dev', deployService('dev')],
  ['prod', deployService('prod')],
] as const;

describe.each(both)('the service of %s', (_, { stack, template, settings }) => {
  it('has no finding of cdk-nag', () => {
    const report = new AwsSolutionsChecks(stack.node.root).validateScope(stack);
    expect(report.violations).toEqual([]);
  });

  it('has no task with a secret as text', () => {
    const [task] = containers(template, 'gpu-service');
    expect(task?.Secrets.map(({ Name }) => Name)).toEqual(['SERVICE_SECRET', 'QDRANT_API_KEY']);
    expect(JSON.stringify(template.toJSON())).not.toContain('{{resolve:secretsmanager');
    const named = task?.Environment.filter(({ Name }) => /SECRET|KEY|PASSWORD|TOKEN/.test(Name));
    expect(named).toEqual([{ Name: 'SECRETS_VERSION', Value: '1' }]);
  });

  it('is told what its program understands, the model and the device among it', () => {
    const text = textsOf(containers(template, 'gpu-service')[0]);
    const config = GpuServiceConfig.parse({ ...text, SERVICE_SECRET: 's'.repeat(16) });
    const own = new Set([
      ...Object.keys(GpuServiceConfig.shape),
      'TMPDIR',
      'HOME',
      'SECRETS_VERSION',
    ]);
    // The library tells a container of EC2 where it is.
    own.add('AWS_REGION');
    expect(Object.keys(text).filter((name) => !own.has(name))).toEqual([]);
    const id = [config.CLIP_MODEL_NAME, config.CLIP_PRETRAINED].filter(Boolean).join('/');
    expect({ id, dimensions: config.CLIP_VECTOR_DIM, precision: config.ENCODER_PRECISION }).toEqual(
      settings.model,
    );
    const onGpu = settings.service.kind === 'gpu';
    expect([config.REQUIRE_GPU, config.FORCE_CPU]).toEqual([onGpu, !onGpu]);
    expect(config).toMatchObject({ VECTOR_STORE: 'qdrant', CLOUDWATCH_METRICS: true });
  });

  it('writes to /data and to nothing else', () => {
    for (const container of containers(template)) {
      expect(container).toMatchObject({ ReadonlyRootFilesystem: true });
    }
    const [task] = containers(template, 'gpu-service');
    expect(task).toMatchObject({ MountPoints: [{ ContainerPath: '/data', ReadOnly: false }] });
    expect(textsOf(task)).toMatchObject({ DATA_DIR: '/data', TMPDIR: '/data' });
  });

  it('has no public address, and a listener that is open to nobody', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 8000 });
    const services = Object.values(template.findResources('AWS::ECS::Service'));
    for (const { Properties } of services) {
      const network = Properties?.NetworkConfiguration?.AwsvpcConfiguration;
      if (network) expect(network.AssignPublicIp).toBe('DISABLED');
    }
    for (const group of Object.values(template.findResources('AWS::EC2::SecurityGroup'))) {
      expect(group['Properties']?.SecurityGroupIngress).toBeUndefined();
    }
    const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress'));
    for (const { Properties } of rules) {
      expect(Properties).not.toHaveProperty('CidrIp');
      expect(Properties).toHaveProperty('SourceSecurityGroupId');
    }
    // What lets somebody ask on 8000 is the balancer's and comes with who asks.
    const atTasks = rules.filter(({ Properties }) => Properties?.FromPort === 8000);
    expect(atTasks.map(({ Properties }) => JSON.stringify(Properties?.GroupId))).toEqual(
      atTasks.map(() => expect.stringContaining('TaskGroup')),
    );
  });

  it('puts the old version back by an alarm, or when tasks do not start', () => {
    const alarmsById = template.findResources('AWS::CloudWatch::Alarm');
    const alarms = Object.values(alarmsById);
    const names = alarms.map(({ Properties }) => String(Properties?.AlarmName));
    const environment = settings.environment;
    expect(names.toSorted()).toEqual(
      ['errors', 'latency', 'unhealthy'].map(
        (w) => `picture-search-${environment}-release-service-${w}`,
      ),
    );
    template.hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: {
        Strategy: settings.edge.release === 'canary' ? 'CANARY' : 'BLUE_GREEN',
        BakeTimeInMinutes: Match.anyValue(),
        // By reference: they are there before a release asks for them.
        Alarms: {
          AlarmNames: Object.keys(alarmsById).map((Ref) => ({ Ref })),
          Enable: true,
          Rollback: true,
        },
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
      },
    });
    for (const { Properties } of alarms) {
      expect(Properties).toMatchObject({
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
      });
    }
  });

  it('releases nothing before the role may do what a release needs, nor takes that away earlier', () => {
    const policies = Object.keys(template.findResources('AWS::IAM::Policy'));
    const services = Object.values(template.findResources('AWS::ECS::Service'));
    const released = services.find(({ Properties }) => Properties?.LoadBalancers?.length === 1);
    const ofRelease = policies.filter((name) => name.startsWith('TargetsReleaseRole'));
    expect(ofRelease).toHaveLength(1);
    expect(released?.['DependsOn']).toEqual(expect.arrayContaining(ofRelease));
  });

  it('has two groups of targets that one rule leads to, and only ECS moves its weights', () => {
    const groups = Object.keys(template.findResources('AWS::ElasticLoadBalancingV2::TargetGroup'));
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Actions: [
        {
          ForwardConfig: {
            TargetGroups: groups.map((Ref) => Match.objectLike({ TargetGroupArn: { Ref } })),
          },
        },
      ],
    });
    template.hasResourceProperties('AWS::ECS::Service', {
      LoadBalancers: [
        {
          TargetGroupArn: { Ref: groups[0] },
          AdvancedConfiguration: { AlternateTargetGroupArn: { Ref: groups[1] } },
        },
      ],
    });
    expect(stack.targetGroupNames).toHaveLength(2);
  });

  it('is asked whether it can search, and waits for what it has let in', () => {
    template.allResourcesProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      HealthCheckPath: '/readyz',
      TargetType: 'ip',
    });
    const [task] = containers(template, 'gpu-service');
    expect(task).toMatchObject({ StopTimeout: 30 });
    for (const { Properties } of Object.values(
      template.findResources('AWS::ElasticLoadBalancingV2::TargetGroup'),
    )) {
      const attributes = Variables.parse(
        Properties?.TargetGroupAttributes.map(({ Key, Value }: Record<string, unknown>) => ({
          Name: Key,
          Value,
        })),
      );
      const delay = attributes.find(({ Name }) => Name === 'deregistration_delay.timeout_seconds');
      expect(Number(delay?.Value)).toBeGreaterThan(25);
    }
  });

  it('has as many tasks as searches and processors ask for', () => {
    const { minTasks: MinCapacity, maxTasks: MaxCapacity, kind } = settings.service;
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity,
      MaxCapacity,
    });
    const dimensions = [
      { Name: 'environment', Value: settings.environment },
      { Name: 'service', Value: 'gpu-service' },
    ];
    const own = (MetricName: string) => ({
      CustomizedMetricSpecification: {
        MetricName,
        Namespace: 'PictureSearch',
        Dimensions: dimensions,
        Statistic: 'Average',
      },
    });
    const second =
      kind === 'gpu'
        ? own('gpu_utilization')
        : {
            PredefinedMetricSpecification: {
              PredefinedMetricType: 'ECSServiceAverageCPUUtilization',
            },
          };
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: own('queue_depth_searches'),
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: second,
    });
    const policies = template.findResources('AWS::ApplicationAutoScaling::ScalingPolicy');
    expect(Object.keys(policies)).toHaveLength(2);
  });

  it('is built with the model in it, and without the files of another', () => {
    const model = registeredModels.find(({ id }) => id === settings.model.id);
    expect(model?.dimensions).toBe(settings.model.dimensions);
    const precisions = model === undefined ? [] : ['fp32', ...precisionsOf(model)];
    expect(precisions).toContain(settings.model.precision);
  });

  it('keeps its logs for the time that is set', () => {
    const groups = Object.values(template.findResources('AWS::Logs::LogGroup'));
    const days = groups.map(({ Properties }) => Properties?.RetentionInDays);
    expect(days).toEqual([settings.logRetentionDays, settings.logRetentionDays]);
  });
});
