import { Validations } from 'aws-cdk-lib';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { createPrivateBucket } from './private-bucket.ts';

/** Where the built page lies, for CloudFront alone; with the versions before, to go back to. */
export function createPageBucket(scope: Construct, settings: Settings): Bucket {
  const bucket = createPrivateBucket(scope, 'Page', {
    settings,
    accessLogs: undefined,
    versioned: true,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'It has the files of the public page and nothing else. Only CloudFront reads it, and logs every ' +
      'request; only a deployment writes to it.',
  });
  return bucket;
}
