import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import {
  type ApplicationListener,
  ApplicationListenerRule,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerCondition,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type ProcessEnvironment, setTexts } from '../environment.ts';
import type { Settings } from '../settings.ts';
import { containerSecrets } from './container-secrets.ts';
import { createInsideGroup } from './inside-security-group.ts';

export interface EdgeStreamingProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly listener: ApplicationListener;
  /** That of the function. */
  readonly environment: ProcessEnvironment;
}

const port = 8080;
const root = join(import.meta.dirname, '../..');

/**
 * The edge as containers, for searches whose answer is a stream of events: a load balancer takes the
 * answer of a function only when it is whole, and an explanation is worth seeing while it is written.
 */
export class EdgeStreaming extends Construct {
  readonly service: FargateService;
  readonly task: FargateTaskDefinition;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: EdgeStreamingProps) {
    super(scope, id);
    const { vpc, listener } = props;
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    this.task = new FargateTaskDefinition(this, 'Task', {
      taskRole: this.role,
      cpu: 512,
      memoryLimitMiB: 1024,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.X86_64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    this.addContainer(props);
    acknowledge(this.task);
    this.service = this.createService(props);
    this.route(listener, vpc);
  }

  private createService({ settings, vpc }: EdgeStreamingProps): FargateService {
    const minTasks = settings.keepData ? 2 : 1;
    const service = new FargateService(this, 'Service', {
      cluster: new Cluster(this, 'Cluster', {
        vpc,
        containerInsightsV2: ContainerInsights.ENABLED,
      }),
      taskDefinition: this.task,
      desiredCount: minTasks,
      minHealthyPercent: 100,
      circuitBreaker: { enable: true, rollback: true },
      assignPublicIp: false,
      securityGroups: [
        createInsideGroup(this, 'SecurityGroup', {
          settings,
          vpc,
          description: 'The edge, for answers that are streamed',
        }),
      ],
    });
    service
      .autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: 4 * minTasks })
      .scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 50 });
    return service;
  }

  private addContainer({ settings, environment }: EdgeStreamingProps): void {
    this.task.addContainer('Edge', {
      image: ContainerImage.fromAsset(root, {
        file: 'edge/Dockerfile',
        platform: Platform.LINUX_AMD64,
        exclude: ['functions', 'gpu-service', 'models', 'scripts', 'test', '!edge/Dockerfile'],
      }),
      environment: {
        ...setTexts(environment.text),
        // A process is behind one proxy more than a function, which the load balancer is no part of.
        TRUSTED_PROXIES: '2',
        // A function's lines are CloudWatch's; a process is told to write them.
        CLOUDWATCH_METRICS: 'true',
        AWS_REGION: Stack.of(this).region,
        SECRETS_VERSION: String(settings.secretsVersion),
      },
      secrets: containerSecrets(environment),
      portMappings: [{ containerPort: port }],
      readonlyRootFilesystem: true,
      // It answers what it has let in, for up to 25 s.
      stopTimeout: Duration.seconds(30),
      logging: LogDrivers.awsLogs({
        streamPrefix: 'edge',
        logGroup: new LogGroup(this, 'Logs', {
          logGroupName: `picture-search-${settings.environment}-edge-streaming`,
          retention: settings.logRetentionDays,
          removalPolicy: settings.keepData
            ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            : RemovalPolicy.DESTROY,
        }),
      }),
    });
  }

  private route(listener: ApplicationListener, vpc: IVpc): void {
    const group = new ApplicationTargetGroup(this, 'Target', {
      vpc,
      port,
      protocol: ApplicationProtocol.HTTP,
      targets: [this.service],
      deregistrationDelay: Duration.seconds(30),
      healthCheck: { path: '/livez', interval: Duration.seconds(10), timeout: Duration.seconds(5) },
    });
    new ApplicationListenerRule(this, 'Rule', {
      listener,
      priority: 10,
      conditions: [
        ListenerCondition.pathPatterns(['/search']),
        ListenerCondition.httpHeader('accept', ['*text/event-stream*']),
      ],
      targetGroups: [group],
    });
  }
}

function acknowledge(task: FargateTaskDefinition): void {
  Validations.of(task).acknowledge(
    {
      id: 'AwsSolutions-ECS2',
      reason: 'They are settings that everybody may read; secrets come from Secrets Manager.',
    },
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'For ECS alone, not for the container: to log in at the registry (ecr:GetAuthorizationToken) takes no narrower resource.',
    },
  );
}
