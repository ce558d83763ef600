import { Duration, Size, Stack, Validations } from 'aws-cdk-lib';
import {
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  EcsVolume,
  JobQueue,
} from 'aws-cdk-lib/aws-batch';
import { type Connections, type IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage, LogDriver } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { containerSecrets } from './container-secrets.ts';
import { type BackfillMachinesProps, createBackfillMachines } from './backfill-machines.ts';
import { acknowledgeObjects } from './acknowledge-objects.ts';
import { imagesToken } from './service-task.ts';
import { type ProcessEnvironment, setTexts } from '../environment.ts';
import { libraryVariables, imagePaths } from './service-environment.ts';
import { sizeOfMachine } from './machine-size.ts';

const ownPrefix = '.picture-search/';
const indexJob = ['node', '--disable-warning=ExperimentalWarning', 'gpu-service/index-job/main.ts'];

export interface BackfillProps extends BackfillMachinesProps {
  readonly image: DockerImageAsset;
  readonly logGroup: ILogGroup;
  readonly environment: ProcessEnvironment;
  readonly pictures: IBucket;
}

/**
 * The image of the service as a job that indexes the bucket, or its part of it in an array. Its
 * machines are there while there are jobs. They are no spot machines: of the 3 USD that a million
 * pictures take these would save 2, and want a quota of their own, which is 0 in a new account.
 */
export class Backfill extends Construct implements IConnectable {
  readonly connections: Connections;
  /** What a person runs to index the whole bucket. */
  readonly submitCommand: string;

  constructor(scope: Construct, id: string, props: BackfillProps) {
    super(scope, id);
    const name = `picture-search-${props.settings.environment}-backfill`;
    const machines = createBackfillMachines(this, props);
    this.connections = machines.connections;
    const queue = new JobQueue(this, 'Queue', {
      jobQueueName: name,
      computeEnvironments: [{ computeEnvironment: machines, order: 1 }],
    });
    const job = this.createJob(name, props);
    job.node.addDependency(queue);
    this.submitCommand = [
      `aws batch submit-job --region ${Stack.of(this).region}`,
      `--job-name backfill --job-queue ${name} --job-definition ${name}`,
    ].join(' ');
  }

  private createJob(name: string, props: BackfillProps): EcsJobDefinition {
    const { settings, pictures } = props;
    return new EcsJobDefinition(this, 'Job', {
      jobDefinitionName: name,
      container: this.createContainer(props),
      parameters: { pictures: `s3://${pictures.bucketName}/`, batchSize: '256' },
      // Exit code 1 says that it is to be run again; what is done is skipped then.
      retryAttempts: 3,
      timeout: Duration.hours(settings.environment === 'dev' ? 6 : 48),
    });
  }

  private createContainer(props: BackfillProps): EcsEc2ContainerDefinition {
    const { settings, environment, image, logGroup } = props;
    const { vcpus, memoryMb } = sizeOfMachine(settings.backfill.instanceType);
    const container = new EcsEc2ContainerDefinition(this, 'Container', {
      image: ContainerImage.fromDockerImageAsset(image),
      // As in docs/operations.md; the two are parameters of the job.
      command: [...indexJob, 'Ref::pictures', '--batch-size', 'Ref::batchSize'],
      cpu: vcpus,
      // What the system of the machine leaves.
      memory: Size.mebibytes(Math.floor(memoryMb * 0.85)),
      ...(settings.service.kind === 'gpu' ? { gpu: 1 } : {}),
      environment: {
        ...setTexts(environment.text),
        ...libraryVariables,
        SECRETS_VERSION: String(settings.secretsVersion),
      },
      secrets: containerSecrets(environment),
      jobRole: this.createRole(props.pictures),
      logging: LogDriver.awsLogs({ logGroup, streamPrefix: 'job' }),
      readonlyRootFilesystem: true,
      volumes: [EcsVolume.host({ name: 'data', containerPath: imagePaths.data })],
    });
    Validations.of(container.executionRole).acknowledge(imagesToken);
    return container;
  }

  /** Reads the bucket, and writes what is of the index: thumbnails, rejects, manifests, its state. */
  private createRole(pictures: IBucket): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    const own = pictures.arnForObjects(`${ownPrefix}*`);
    const allow = (actions: readonly string[], resource: string) =>
      role.addToPolicy(
        new PolicyStatement({
          actions: actions.map((action) => `s3:${action}`),
          resources: [resource],
        }),
      );
    allow(['ListBucket'], pictures.bucketArn);
    allow(['GetObject'], pictures.arnForObjects('*'));
    allow(['PutObject', 'DeleteObject'], own);
    acknowledgeObjects(
      role,
      pictures,
      '*',
      'Any object of the bucket may be a picture: which ones there are is what the job finds out.',
    );
    acknowledgeObjects(
      role,
      pictures,
      `${ownPrefix}*`,
      'Thumbnails, rejects and manifests are named by the id of a picture or the time of a run: nobody knows them beforehand.',
    );
    return role;
  }
}
