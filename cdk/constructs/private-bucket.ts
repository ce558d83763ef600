import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface PrivateBucketProps extends BucketProps {
  readonly settings: Pick<Settings, 'keepData'>;
  /** Where it is written down who asked it for what; left out: nowhere. */
  readonly accessLogs: IBucket | undefined;
}

/**
 * A bucket that nobody reads without TLS and a right to. With `keepData` it outlives its stack; else it
 * is emptied and goes with it.
 */
export function createPrivateBucket(
  scope: Construct,
  id: string,
  { settings, accessLogs, lifecycleRules = [], ...more }: PrivateBucketProps,
): Bucket {
  const { keepData } = settings;
  return new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    // With the keys of S3: one of our own in KMS would be asked, and paid for, with every picture.
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    autoDeleteObjects: !keepData,
    ...(accessLogs && {
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: `s3/${id.toLowerCase()}/`,
    }),
    lifecycleRules: [
      { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(2) },
      ...lifecycleRules,
    ],
    ...more,
  });
}
