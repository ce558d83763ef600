import type { S3Client } from '@aws-sdk/client-s3';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterAll } from 'vitest';
import { createS3Client } from '../../adapters/s3-client.ts';
import { createSqsClient } from '../../adapters/sqs-client.ts';
import { type Fauxqs, openFauxqs } from '../../scripts/local-aws/fauxqs.ts';
import { expectOk } from './expect-ok.ts';

/** What the server wants, which is anything. */
export const testCredentials = { accessKeyId: 'test', secretAccessKey: 'test' } as const;
export const testRegion = 'eu-central-1';

export interface TestQueue {
  readonly url: string;
  readonly arn: string;
}

export interface AwsServer {
  readonly url: string;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  createBucket(name: string): Promise<void>;
  /** With `deadLetters`, what was received `maxReceives` times (3) goes there in place of once more. */
  createQueue(
    name: string,
    options?: {
      readonly deadLetters?: TestQueue;
      readonly maxReceives?: number;
      readonly hideSeconds?: number;
    },
  ): Promise<TestQueue>;
}

/**
 * A server that speaks S3 and SQS, on a port of its own, until the tests of the file are over.
 * `prepare` may add hooks before it listens.
 */
export async function startAws(prepare?: (fauxqs: Fauxqs) => void): Promise<AwsServer> {
  const fauxqs = expectOk(await openFauxqs(undefined, testRegion));
  const { app } = fauxqs;
  prepare?.(fauxqs);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = { region: testRegion, credentials: testCredentials };
  const s3 = createS3Client({ ...client, endpoint: url, pathStyle: true });
  const sqs = createSqsClient({ ...client, url });
  afterAll(async () => {
    s3.destroy();
    sqs.destroy();
    await app.close();
  });
  return {
    url,
    s3,
    sqs,
    async createBucket(name) {
      await s3.send(new CreateBucketCommand({ Bucket: name }));
    },
    async createQueue(name, { deadLetters, maxReceives = 3, hideSeconds = 30 } = {}) {
      const redrive = { deadLetterTargetArn: deadLetters?.arn, maxReceiveCount: maxReceives };
      const Attributes = {
        VisibilityTimeout: String(hideSeconds),
        ...(deadLetters && { RedrivePolicy: JSON.stringify(redrive) }),
      };
      const created = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
      const { QueueUrl } = created;
      const about = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
      );
      // The name of the host that the server gives is known to nobody.
      const { pathname } = new URL(QueueUrl ?? '');
      return { url: `${url}${pathname}`, arn: about.Attributes?.['QueueArn'] ?? '' };
    },
  };
}
