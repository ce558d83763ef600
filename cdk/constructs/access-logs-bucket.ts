import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { createPrivateBucket } from './private-bucket.ts';

/**
 * Who asked for what: `s3/<bucket>/` of the buckets, `cloudfront/` of CloudFront, whose delivery is set
 * up in a later stack.
 */
export function createAccessLogsBucket(scope: Construct, id: string, settings: Settings): Bucket {
  const bucket = createPrivateBucket(scope, id, {
    settings,
    accessLogs: undefined,
    lifecycleRules: [{ id: 'old', expiration: Duration.days(settings.logRetentionDays) }],
  });
  admitCloudFront(bucket);
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'It is where access is logged to: a log of its own writing would never end.',
  });
  return bucket;
}

/** The delivery of CloudWatch, which looks at the bucket before it writes to it. */
function admitCloudFront(bucket: Bucket): void {
  const { account } = Stack.of(bucket);
  const principals = [new ServicePrincipal('delivery.logs.amazonaws.com')];
  const isOurs = { 'aws:SourceAccount': account };
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'CloudFrontLooks',
      principals,
      actions: ['s3:GetBucketAcl', 's3:ListBucket'],
      resources: [bucket.bucketArn],
      conditions: { StringEquals: isOurs },
    }),
  );
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'CloudFrontLogs',
      principals,
      actions: ['s3:PutObject'],
      resources: ['cloudfront/*', `AWSLogs/${account}/*`].map((keys) => bucket.arnForObjects(keys)),
      conditions: {
        StringEquals: { ...isOurs, 's3:x-amz-acl': 'bucket-owner-full-control' },
      },
    }),
  );
}
