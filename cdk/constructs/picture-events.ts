import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface PictureEventsProps {
  readonly settings: Settings;
  readonly pictures: IBucket;
}

/** What the bucket tells of its pictures, waiting for index-images. */
export class PictureEvents extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, pictures }: PictureEventsProps) {
    super(scope, id);
    const common = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    };
    // A message keeps the age that it had in the queue: this must be longer, or it would come to die.
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...common,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      ...common,
      // What AWS asks for: with less, a batch that is still worked on comes a second time.
      visibilityTimeout: Duration.seconds(6 * settings.indexing.timeoutSeconds),
      retentionPeriod: Duration.days(7),
      // Above the function's own MAX_RECEIVES (3), which has a reason to write down.
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
    this.listenTo(pictures);
  }

  private listenTo(pictures: IBucket): void {
    const rule = new Rule(this, 'Rule', {
      description: 'A picture has come, changed or gone: look at it',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created', 'Object Deleted'],
        detail: {
          bucket: { name: [pictures.bucketName] },
          // Thumbnails are made of pictures: to be told of them would go round and round.
          object: { key: Match.anythingButPrefix('.picture-search/') },
        },
      },
    });
    rule.addTarget(
      new SqsQueue(this.queue, {
        deadLetterQueue: this.deadLetters,
        maxEventAge: Duration.hours(24),
        retryAttempts: 185,
      }),
    );
  }
}
