import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { type AwsDeadlines, requestHandlerOf } from './aws-requests.ts';

export interface S3ClientOptions extends AwsDeadlines {
  /** For servers that are not at a name of their own per bucket, as most beside AWS. */
  readonly pathStyle?: boolean;
  /** Left out, as with all that is not given: as the SDK finds it in its environment. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly credentials?: S3ClientConfig['credentials'] | undefined;
}

const usual = { connectMs: 3_000, answerMs: 20_000, idleMs: 20_000 };

/**
 * Asks S3, or what speaks as it does. A request that fails for a while is tried three times in all.
 * Checksums beside TLS are left to what demands them, as servers beside AWS trip over them.
 */
export function createS3Client({
  pathStyle = false,
  region,
  endpoint,
  credentials,
  ...deadlines
}: S3ClientOptions = {}): S3Client {
  return new S3Client({
    forcePathStyle: pathStyle,
    requestHandler: requestHandlerOf(deadlines, usual),
    maxAttempts: 3,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  });
}

/** Servers beside AWS have no name of their own for each bucket. */
export function needsPathStyle(env: {
  readonly AWS_ENDPOINT_URL_S3?: string | undefined;
  readonly AWS_ENDPOINT_URL?: string | undefined;
}): boolean {
  return Boolean(env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL);
}
