import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { EnvOf } from '../../core/env.ts';
import type { PublishGenerationConfig } from '../../functions/publish-generation/config.ts';
import { defaults, type ProcessEnvironment } from '../environment.ts';
import type { Settings } from '../settings.ts';
import { BundledFunction } from './bundled-function.ts';
import { grantPublish } from './generations.ts';

export interface IndexAnnouncementsProps {
  readonly settings: Settings;
  readonly pictures: IBucket;
  /** CloudFront's store of keys. */
  readonly generationsArn: string;
}

/**
 * Whoever changes the index writes an object of the bucket; its event lets CloudFront know that answers
 * which it keeps are of an index that is no more.
 */
export class IndexAnnouncements extends Construct {
  readonly publishing: BundledFunction;

  constructor(scope: Construct, id: string, props: IndexAnnouncementsProps) {
    super(scope, id);
    const { settings, pictures, generationsArn } = props;
    this.publishing = new BundledFunction(this, 'PublishGeneration', {
      settings,
      name: 'publish-generation',
      bundle: 'publish-generation',
      description: 'Tells CloudFront of a new generation of the index',
      environment: environmentOf(props),
      memoryMb: 256,
      timeout: Duration.seconds(30),
      byEvents: true,
    });
    grantPublish(this.publishing.function, generationsArn);
    this.listenTo(pictures);
  }

  private listenTo(pictures: IBucket): void {
    const { function: publish, deadLetters } = this.publishing;
    const target = new LambdaFunction(publish, {
      retryAttempts: 2,
      maxEventAge: Duration.hours(1),
      ...(deadLetters && { deadLetterQueue: deadLetters }),
    });
    new Rule(this, 'Rule', {
      description: 'The index has changed: answers that are kept are too old',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [pictures.bucketName] },
          object: { key: ['.picture-search/generation'] },
        },
      },
      targets: [target],
    });
  }
}

function environmentOf({ settings, generationsArn }: IndexAnnouncementsProps): ProcessEnvironment {
  const text = {
    GENERATIONS_ARN: generationsArn,
    ENVIRONMENT: settings.environment,
    ...defaults('LOG_LEVEL', 'METRICS_NAMESPACE', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'),
  } satisfies EnvOf<typeof PublishGenerationConfig>;
  return { text, secrets: {} };
}
