import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { type IVpc, Port } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import {
  Architecture,
  DockerImageCode,
  DockerImageFunction,
  EventSourceMapping,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { DataStack } from '../stacks/data-stack.ts';
import { functionOptions } from './bundled-function-options.ts';
import { indexImagesEnvironment } from './index-environment.ts';
import { grantIndexing } from './index-rights.ts';
import { servicePort } from './service-environment.ts';

export interface IndexFunctionProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly balancer: ApplicationLoadBalancer;
  readonly data: DataStack;
  readonly serviceUrl: string;
}

/** Behind the queue of the bucket's events: an image, as it has a model and native packages. */
export class IndexFunction extends Construct {
  readonly function: DockerImageFunction;

  constructor(scope: Construct, id: string, props: IndexFunctionProps) {
    super(scope, id);
    const { settings, vpc, balancer, data } = props;
    const { indexing } = settings;
    const options = functionOptions(this, {
      settings,
      name: 'index-images',
      description: 'Brings the index up to what the bucket has',
      environment: indexImagesEnvironment(props),
      memoryMb: indexing.memoryMb,
      timeout: Duration.seconds(indexing.timeoutSeconds),
      vpc,
    });
    this.function = new DockerImageFunction(this, 'Function', {
      ...options,
      architecture: Architecture.X86_64,
      code: imageOf(settings),
    });
    grantIndexing(options.role, data);
    data.qdrant.allowFrom(this.function);
    data.cache.allowFrom(this.function);
    if (indexing.encodeIn === 'service') {
      this.function.connections.allowTo(balancer, Port.tcp(servicePort), 'the service');
    }
    new EventSourceMapping(this, 'Messages', {
      target: this.function,
      eventSourceArn: data.queue.queueArn,
      batchSize: indexing.batchSize,
      // Lambda waits for more than ten messages only where it is told how long.
      ...(indexing.batchSize > 10 && { maxBatchingWindow: Duration.seconds(1) }),
      reportBatchItemFailures: true,
      maxConcurrency: indexing.maxConcurrency,
    });
  }
}

const root = join(import.meta.dirname, '../..');

/** Where the service encodes, the image needs no model but the built-in one, which it does not load. */
function imageOf({ model, indexing }: Settings): DockerImageCode {
  const id = indexing.encodeIn === 'function' ? model.id : 'demo';
  return DockerImageCode.fromImageAsset(root, {
    file: 'functions/index-images/Dockerfile',
    platform: Platform.LINUX_AMD64,
    buildArgs: {
      MODEL: id,
      ...(id === 'demo' || model.precision === 'fp32' ? {} : { PRECISION: model.precision }),
    },
    exclude: [
      // The model that is asked for is pulled, by hash, in the build.
      ...(id === 'demo' ? [] : ['models/demo/*.onnx']),
      // A change there is no release of this one.
      'edge',
      'gpu-service',
      ...['benchmark', 'publish-generation', 'reconcile', 'snapshot'].map(
        (name) => `functions/${name}`,
      ),
      'test',
      '!functions/index-images/Dockerfile',
    ],
  });
}
