import { Duration } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import {
  AlarmBehavior,
  type BaseService,
  type BaseServiceOptions,
  type Cluster,
  DeploymentStrategy,
  Ec2Service,
  FargatePlatformVersion,
  FargateService,
  type TaskDefinition,
} from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { createInsideGroup } from './inside-security-group.ts';

export interface ServiceReleaseProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly cluster: Cluster;
  readonly taskDefinition: TaskDefinition;
  /** Of alarms that put the old version back. */
  readonly alarmNames: readonly string[];
  /** What the tasks run on; undefined: Fargate. */
  readonly capacityProvider: string | undefined;
}

/**
 * A fifth of the searches goes to the new tasks at first: with less than a twentieth a new version
 * that is slow in all it does would not be seen in a P95 of old and new together.
 */
const canaryPercent = 20;

/** The service, and how a new version of it takes over. */
export function createService(scope: Construct, props: ServiceReleaseProps): BaseService {
  const { vpc, cluster, capacityProvider, taskDefinition } = props;
  const options = {
    cluster,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    // Fetching the image and loading a large model; nobody ends a task before that.
    healthCheckGracePeriod: Duration.minutes(5),
    circuitBreaker: { enable: true, rollback: true },
    deploymentAlarms: {
      alarmNames: [...props.alarmNames],
      behavior: AlarmBehavior.ROLLBACK_ON_ALARM,
    },
    enableExecuteCommand: false,
    ...releaseOf(props.settings),
  } satisfies BaseServiceOptions;
  const network = {
    taskDefinition,
    securityGroups: [
      createInsideGroup(scope, 'TaskGroup', {
        settings: props.settings,
        vpc,
        description: 'Tasks of the gpu-service: the load balancer connects, and nobody else',
      }),
    ],
  };
  return capacityProvider === undefined
    ? new FargateService(scope, 'Service', {
        ...options,
        ...network,
        assignPublicIp: false,
        platformVersion: FargatePlatformVersion.LATEST,
      })
    : new Ec2Service(scope, 'Service', {
        ...options,
        ...network,
        capacityProviderStrategies: [{ capacityProvider, weight: 1 }],
      });
}

/** As the edge does: a canary, or all at once. The old tasks stay for the bake time, to go back to. */
function releaseOf({ edge }: Settings) {
  return edge.release === 'canary'
    ? {
        deploymentStrategy: DeploymentStrategy.CANARY,
        canaryConfiguration: { stepPercent: canaryPercent, stepBakeTime: Duration.minutes(10) },
        bakeTime: Duration.minutes(10),
      }
    : { deploymentStrategy: DeploymentStrategy.BLUE_GREEN, bakeTime: Duration.minutes(5) };
}
