import { Duration, Validations } from 'aws-cdk-lib';
import type { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import {
  type Cluster,
  ContainerImage,
  Ec2Service,
  Ec2TaskDefinition,
  LogDriver,
  NetworkMode,
} from 'aws-cdk-lib/aws-ecs';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { imagesToken } from './service-task.ts';

export interface GpuImageKeeperProps {
  readonly cluster: Cluster;
  readonly image: DockerImageAsset;
  readonly logGroup: ILogGroup;
}

/** Sleeps until it is told to end; process 1 hears of no signal that it has not asked for. */
const sleep = "process.once('SIGTERM', () => process.exit()); setInterval(() => {}, 1e9)";

/**
 * One sleeping process of the service's image on every machine, so that each has the image before a
 * task needs it, the spare too: a new task then starts in the time of loading its model. A release
 * changes it first, and its own tasks find the new image on the machines that are there.
 */
export function createImageKeeper(scope: Construct, props: GpuImageKeeperProps): Ec2Service {
  const task = new Ec2TaskDefinition(scope, 'KeeperTask', { networkMode: NetworkMode.NONE });
  task.addContainer('keeper', {
    image: ContainerImage.fromDockerImageAsset(props.image),
    command: ['node', '-e', sleep],
    // It is no user of the GPU, of which there is one.
    environment: { NVIDIA_VISIBLE_DEVICES: 'void' },
    memoryReservationMiB: 32,
    memoryLimitMiB: 128,
    readonlyRootFilesystem: true,
    stopTimeout: Duration.seconds(2),
    logging: LogDriver.awsLogs({ logGroup: props.logGroup, streamPrefix: 'keeper' }),
  });
  Validations.of(task).acknowledge({
    id: 'AwsSolutions-ECS2',
    reason: 'The one variable says that the process is not shown the GPU.',
  });
  Validations.of(task.obtainExecutionRole()).acknowledge(imagesToken);
  const keeper = new Ec2Service(scope, 'Keeper', {
    cluster: props.cluster,
    taskDefinition: task,
    daemon: true,
    minHealthyPercent: 0,
    maxHealthyPercent: 100,
    circuitBreaker: { enable: true, rollback: true },
  });
  // It goes before the machines do.
  keeper.node.addDependency(props.cluster);
  return keeper;
}
