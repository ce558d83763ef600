import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createS3Uploads } from '../adapters/s3-uploads.ts';
import type { Async } from '../core/failure.ts';
import type { Generation } from '../core/generation.ts';
import { locateByRecord } from '../core/locate-image.ts';
import { ok } from '../core/result.ts';
import { createUploads } from '../core/uploads.ts';
import type { FolderIntakeOptions } from './folder-intake.ts';
import type { Intake } from './intake.ts';
import { compareBucket } from './local-aws/compare-bucket.ts';
import { startLocalAws } from './local-aws/local-aws.ts';
import { type LocalPipeline, startLocalPipeline } from './local-aws/local-pipeline.ts';

export interface BucketIntakeOptions extends FolderIntakeOptions {
  readonly generation: Pick<Generation, 'endSoon'>;
  /** Of the page, once it is served. */
  readonly origins: () => readonly string[];
  readonly port: number;
}

const bucket = 'pictures';

/** Uploads into a bucket that tells a queue of them, and the function that AWS runs behind it. */
export async function openBucketIntake(options: BucketIntakeOptions): Async<Intake> {
  const { store, dataDirectory, generation, logger, port, origins } = options;
  const directory = join(dataDirectory, 'local-aws');
  const aws = await startLocalAws({ bucket, directory, port, origins });
  if (!aws.ok) return aws;
  const pipeline = startLocalPipeline({ ...options, aws: aws.value, bucket, poller: polling });
  const { client, objects, queue } = pipeline;
  const stop = new AbortController();
  const { signal } = stop;
  const compared = compareBucket({ objects, store, bucket, queue, generation, logger, signal });
  const uploads = createUploads({
    target: createS3Uploads({ bucket, client }),
    objects,
    locate: locateByRecord(store),
    newId: randomUUID,
  });
  const { endpoint } = aws.value.client;
  return ok({
    edge: { uploads, connectTo: [endpoint] },
    objectsOf: (root) => (root === objects.root ? objects : createDirectoryObjects(root)),
    says: [
      `Uploads go to ${objects.root}, which is kept in ${directory}, and through its queue.`,
      'For other commands, such as aws s3 or npm run redrive:',
      ...Object.entries({
        ...aws.value.environment,
        QUEUE_URL: aws.value.queueUrl,
        DEAD_LETTER_QUEUE_URL: aws.value.deadLetterQueueUrl,
      }).map(([name, value]) => `  export ${name}=${value}`),
    ],
    async close() {
      stop.abort();
      await closeAll(compared, pipeline, aws.value);
    },
  });
}

/** Two calls: while one waits for its store, the other encodes. */
const polling = { concurrency: 2, batchWindowMs: 50 } as const;

async function closeAll(
  compared: Promise<unknown>,
  pipeline: Pick<LocalPipeline, 'close'>,
  aws: { close(): Promise<void> },
): Promise<void> {
  await compared;
  await pipeline.close();
  await aws.close();
}
