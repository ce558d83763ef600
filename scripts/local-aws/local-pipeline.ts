import type { S3Client } from '@aws-sdk/client-s3';
import { createPictureReader } from '../../adapters/picture-reader.ts';
import { createS3Client } from '../../adapters/s3-client.ts';
import { createS3Objects } from '../../adapters/s3-objects.ts';
import { createSqsClient } from '../../adapters/sqs-client.ts';
import { createSqsQueue } from '../../adapters/sqs-queue.ts';
import type { Generation } from '../../core/generation.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import type { Encoder, Logger, VectorStore } from '../../core/ports.ts';
import type { Queue } from '../../core/queue.ts';
import { createIndexImages, type IndexImagesParts } from '../../functions/index-images/app.ts';
import { type LambdaPollerOptions, type SqsHandler, startLambdaPoller } from './lambda-poller.ts';
import type { LocalAws } from './local-aws.ts';

export interface LocalPipelineOptions {
  readonly aws: Pick<LocalAws, 'client' | 'queueUrl' | 'deadLetterQueueUrl'>;
  readonly bucket: string;
  readonly encoder: Encoder;
  /** One that ends no generation by itself. */
  readonly store: VectorStore;
  readonly generation?: Pick<Generation, 'endSoon'> | undefined;
  readonly place?: boolean;
  readonly maxReceives?: number;
  readonly logger: Logger;
  readonly poller?: Omit<LambdaPollerOptions, 'client' | 'queueUrl' | 'handler'>;
  /** Makes the function of what it works with; left out: as AWS runs it. */
  readonly handlerOf?: (parts: IndexImagesParts) => SqsHandler;
}

export interface LocalPipeline {
  readonly client: S3Client;
  readonly objects: ObjectStore;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  /** Receives no more, and waits for what is under way. */
  close(): Promise<void>;
}

/** The function that indexes uploads, on an encoder and an index that are open already. */
export function startLocalPipeline(options: LocalPipelineOptions): LocalPipeline {
  const { aws, bucket, encoder, store, generation, place, maxReceives = 3, logger } = options;
  const { handlerOf = createIndexImages } = options;
  const client = createS3Client({ pathStyle: true, ...aws.client });
  const sqs = createSqsClient({ url: aws.queueUrl, ...aws.client });
  const objects = createS3Objects({ bucket, client });
  const deadLetters = createSqsQueue({ url: aws.deadLetterQueueUrl, client: sqs });
  const handler = handlerOf({
    indexer: { objects, own: objects, pictures: createPictureReader(), encoder, store, place },
    bucket,
    deadLetters,
    maxReceives,
    generation,
    metrics: { add() {}, count() {}, flush() {} },
    logger,
    now: () => performance.now(),
    epochMs: Date.now,
  });
  const poller = startLambdaPoller({
    client: sqs,
    queueUrl: aws.queueUrl,
    handler,
    onError: (error) => logger.warn({ err: error }, 'A batch of messages failed as a whole'),
    ...options.poller,
  });
  return {
    client,
    objects,
    queue: createSqsQueue({ url: aws.queueUrl, client: sqs }),
    deadLetters,
    async close() {
      await poller.stop();
      sqs.destroy();
      client.destroy();
    },
  };
}
