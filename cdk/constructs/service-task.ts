import { Duration, Validations } from 'aws-cdk-lib';
import type { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import {
  ContainerImage,
  CpuArchitecture,
  Ec2TaskDefinition,
  FargateTaskDefinition,
  LogDriver,
  NetworkMode,
  OperatingSystemFamily,
  type TaskDefinition,
} from 'aws-cdk-lib/aws-ecs';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type ProcessEnvironment, setTexts } from '../environment.ts';
import type { CpuService, Settings } from '../settings.ts';
import { containerSecrets } from './container-secrets.ts';
import { imagePaths, libraryVariables, servicePort } from './service-environment.ts';

export const containerName = 'gpu-service';

/** Of a role that fetches an image. */
export const imagesToken = {
  id: 'AwsSolutions-IAM5[Resource::*]',
  reason: 'ecr:GetAuthorizationToken knows no resources; images come from one repository alone.',
};

export interface ServiceTaskProps {
  readonly settings: Settings;
  readonly image: DockerImageAsset;
  readonly logGroup: ILogGroup;
  readonly environment: ProcessEnvironment;
}

/** One task: the service alone, as a user without rights, that writes to `/data` and nowhere else. */
export function createServiceTask(scope: Construct, props: ServiceTaskProps): TaskDefinition {
  const { settings, image, logGroup, environment } = props;
  const { service } = settings;
  const task = service.kind === 'gpu' ? createGpuTask(scope) : createCpuTask(scope, service);
  task.addVolume({ name: 'data' });
  const container = task.addContainer(containerName, {
    image: ContainerImage.fromDockerImageAsset(image),
    portMappings: [{ containerPort: servicePort }],
    environment: {
      ...setTexts(environment.text),
      ...libraryVariables,
      SECRETS_VERSION: String(settings.secretsVersion),
    },
    secrets: containerSecrets(environment),
    logging: LogDriver.awsLogs({ logGroup, streamPrefix: 'task' }),
    readonlyRootFilesystem: true,
    // Above the 25 s that the service takes to end what it has let in.
    stopTimeout: Duration.seconds(30),
    // The GPU keeps others away, so the task may have all the memory that the machine has.
    ...(service.kind === 'gpu' ? { gpuCount: 1, memoryReservationMiB: 4096 } : {}),
  });
  container.addMountPoints({
    sourceVolume: 'data',
    containerPath: imagePaths.data,
    readOnly: false,
  });
  Validations.of(task).acknowledge({
    id: 'AwsSolutions-ECS2',
    reason:
      'These variables are settings that anybody may read; secrets come from Secrets Manager.',
  });
  Validations.of(task.obtainExecutionRole()).acknowledge(imagesToken);
  return task;
}

function createGpuTask(scope: Construct): TaskDefinition {
  return new Ec2TaskDefinition(scope, 'Task', { networkMode: NetworkMode.AWS_VPC });
}

function createCpuTask(scope: Construct, { vcpus, memoryMb }: CpuService): TaskDefinition {
  return new FargateTaskDefinition(scope, 'Task', {
    cpu: vcpus * 1024,
    memoryLimitMiB: memoryMb,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.X86_64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
  });
}
