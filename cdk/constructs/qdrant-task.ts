import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  Capability,
  ContainerImage,
  type ContainerDefinition,
  Ec2TaskDefinition,
  LinuxParameters,
  LogDrivers,
  NetworkMode,
  Secret as EcsSecret,
  UlimitName,
} from 'aws-cdk-lib/aws-ecs';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { OwnQdrant, Settings } from '../settings.ts';
import { qdrantMemoryMb } from './qdrant-memory.ts';

export interface QdrantTaskProps {
  readonly settings: Settings;
  readonly qdrant: OwnQdrant;
  readonly arm: boolean;
  readonly apiKey: ISecret;
}

const folder = fileURLToPath(new URL('../qdrant/', import.meta.url));
const namespace = 'PictureSearch';

/** Where `start-machine.sh` mounts the volume. */
const place = '/mnt/index';
const storage = '/qdrant/storage';
const snapshots = '/qdrant/snapshots';

/** Under which names the second container reports how full the volume is. */
export function diskMetric({ environment }: Settings) {
  return { namespace, name: 'disk_used', dimensions: { service: 'qdrant', environment } };
}

/** Qdrant, and beside it what looks how full its volume is. */
export function createQdrantTask(scope: Construct, props: QdrantTaskProps): Ec2TaskDefinition {
  const { settings, arm } = props;
  const task = new Ec2TaskDefinition(scope, 'Task', {
    family: `picture-search-${settings.environment}-qdrant`,
    networkMode: NetworkMode.AWS_VPC,
    volumes: [
      { name: 'storage', host: { sourcePath: `${place}/storage` } },
      { name: 'snapshots', host: { sourcePath: `${place}/snapshots` } },
    ],
  });
  const asset = new DockerImageAsset(scope, 'Image', {
    directory: folder,
    exclude: ['*', '!Dockerfile'],
    platform: arm ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
  });
  const image = ContainerImage.fromDockerImageAsset(asset);
  const logGroup = createLogGroup(scope, settings);
  const common = { image, readonlyRootFilesystem: true, user: '1000:1000' };
  const logging = (streamPrefix: string) => LogDrivers.awsLogs({ logGroup, streamPrefix });
  const qdrant = addQdrant(task, props, { ...common, logging: logging('qdrant') });
  qdrant.addMountPoints(
    { sourceVolume: 'storage', containerPath: storage, readOnly: false },
    { sourceVolume: 'snapshots', containerPath: snapshots, readOnly: false },
  );
  const disk = addDiskReport(task, settings, { ...common, logging: logging('disk') });
  disk.addMountPoints({ sourceVolume: 'storage', containerPath: storage, readOnly: true });
  Validations.of(task).acknowledge({
    id: 'AwsSolutions-ECS2',
    reason: 'The variables are paths and names; the one secret comes from Secrets Manager.',
  });
  Validations.of(task.obtainExecutionRole()).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'ecr:GetAuthorizationToken, which knows no resource.',
  });
  return task;
}

interface Common {
  readonly image: ContainerImage;
  readonly readonlyRootFilesystem: boolean;
  readonly user: string;
  readonly logging: ReturnType<typeof LogDrivers.awsLogs>;
}

function addQdrant(
  task: Ec2TaskDefinition,
  { settings, qdrant, apiKey }: QdrantTaskProps,
  common: Common,
): ContainerDefinition {
  const container = task.addContainer('qdrant', {
    ...common,
    linuxParameters: withoutCapabilities(task, 'QdrantParameters'),
    memoryLimitMiB: qdrantMemoryMb(qdrant.instanceType),
    environment: {
      QDRANT__STORAGE__STORAGE_PATH: storage,
      // They are as large as the index: on its volume, as the machine's own disk is small.
      QDRANT__STORAGE__SNAPSHOTS_PATH: snapshots,
      QDRANT__STORAGE__TEMP_PATH: `${snapshots}/tmp`,
      QDRANT__TELEMETRY_DISABLED: 'true',
      QDRANT_INIT_FILE_PATH: `${storage}/.qdrant-initialized`,
      // Read by nobody: another number starts Qdrant anew, with the key of now.
      SECRETS_VERSION: String(settings.secretsVersion),
    },
    secrets: { QDRANT__SERVICE__API_KEY: EcsSecret.fromSecretsManager(apiKey) },
    portMappings: [{ containerPort: 6333 }, { containerPort: 6334 }],
    // Writes what is in memory; the most that ECS gives on a machine of one's own is the agent's setting.
    stopTimeout: Duration.seconds(120),
    healthCheck: {
      // The image has a shell, and neither curl nor wget.
      command: [
        'CMD',
        'bash',
        '-c',
        String.raw`exec 3<>/dev/tcp/127.0.0.1/6333 && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 && grep -q '200 OK' <&3`,
      ],
      // Opening a large index takes its time, and to start it again would only begin that anew: ten
      // minutes in all. A Qdrant that ends is replaced at once whatever this says.
      interval: Duration.seconds(30),
      timeout: Duration.seconds(5),
      retries: 10,
      startPeriod: Duration.seconds(300),
    },
  });
  // A segment is many files, and a collection many segments.
  container.addUlimits({ name: UlimitName.NOFILE, softLimit: 65_535, hardLimit: 65_535 });
  return container;
}

/** Lines of the log become metrics: no endpoint and no right of their own. */
function addDiskReport(
  task: Ec2TaskDefinition,
  { environment }: Settings,
  common: Common,
): ContainerDefinition {
  return task.addContainer('disk', {
    ...common,
    linuxParameters: withoutCapabilities(task, 'DiskParameters'),
    essential: false,
    enableRestartPolicy: true,
    memoryLimitMiB: 64,
    entryPoint: ['bash', '-c', readFileSync(`${folder}report-disk.sh`, 'utf8')],
    environment: { NAMESPACE: namespace, ENVIRONMENT_NAME: environment, PLACE: storage },
  });
}

function withoutCapabilities(scope: Construct, id: string): LinuxParameters {
  const parameters = new LinuxParameters(scope, id, { initProcessEnabled: true });
  parameters.dropCapabilities(Capability.ALL);
  // Nothing else can be written to but the volume.
  parameters.addTmpfs({ containerPath: '/tmp', size: 64 });
  return parameters;
}

function createLogGroup(scope: Construct, settings: Settings): LogGroup {
  return new LogGroup(scope, 'Log', {
    logGroupName: `picture-search-${settings.environment}-qdrant`,
    retention: settings.logRetentionDays,
    removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
}
