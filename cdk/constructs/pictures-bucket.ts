import { Duration, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type Bucket, CfnBucket, HttpMethods, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { createPrivateBucket } from './private-bucket.ts';

/** What the index keeps beside the pictures, and shows nobody. Its thumbnails are for everybody. */
const hidden = ['rejects/*', 'manifests/*', 'reconcile/*', 'generation*'];

interface PicturesBucketProps {
  readonly settings: Settings;
  readonly accessLogs: IBucket;
}

/**
 * Pictures, and `.picture-search/` beside them. CloudFront of this account reads them; which of its
 * distributions is decided in a later stack, by who has the origin.
 *
 * Where data is kept it has versions: the bucket is the truth that the index is made of, so one wrong
 * `--recursive` would be the end of both. What was deleted can be brought back for 30 days, is paid for
 * as long, and is then gone for good; whoever promises a faster deletion lowers that number. Thumbnails
 * are made anew at will: their old versions go after a day.
 */
export function createPicturesBucket(
  scope: Construct,
  id: string,
  { settings, accessLogs }: PicturesBucketProps,
): Bucket {
  const bucket = createPrivateBucket(scope, id, {
    settings,
    accessLogs,
    versioned: settings.keepData,
    cors: [
      {
        allowedMethods: [HttpMethods.POST],
        allowedOrigins: [pageOrigin(settings)],
        allowedHeaders: ['*'],
        maxAge: 3600,
      },
    ],
    lifecycleRules: settings.keepData
      ? [
          {
            id: 'deleted-pictures',
            noncurrentVersionExpiration: Duration.days(30),
            expiredObjectDeleteMarker: true,
          },
          {
            id: 'old-thumbnails',
            prefix: '.picture-search/',
            noncurrentVersionExpiration: Duration.days(1),
          },
        ]
      : [],
  });
  sendEvents(bucket);
  showToCloudFront(bucket);
  return bucket;
}

/**
 * Of the page that sends forms. Without a domain its name is known only when CloudFront is there, which
 * is later; a form is signed, and goes without cookies, so that another page could do nothing with it.
 */
function pageOrigin({ domain }: Settings): string {
  return domain === undefined ? 'https://*.cloudfront.net' : `https://${domain.name}`;
}

/** Not by `eventBridgeEnabled`, which brings a function of its own to set what CloudFormation can set. */
function sendEvents(bucket: Bucket): void {
  const { defaultChild } = bucket.node;
  if (!(defaultChild instanceof CfnBucket)) throw new TypeError('a bucket has no resource');
  defaultChild.notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
}

/**
 * With the right to list, or what is not there would be 403 and not 404. A listing itself is no key of a
 * picture, and is refused by the function in front (`cdk/cloudfront`).
 */
function showToCloudFront(bucket: Bucket): void {
  const principals = [new ServicePrincipal('cloudfront.amazonaws.com')];
  const conditions = { ArnLike: { 'aws:SourceArn': distributionsOf(Stack.of(bucket)) } };
  const actions = ['s3:GetObject'];
  const pictures = [bucket.arnForObjects('*')];
  const own = hidden.map((keys) => bucket.arnForObjects(`.picture-search/${keys}`));
  const statements = [
    { sid: 'CloudFrontReads', principals, conditions, actions, resources: pictures },
    {
      sid: 'CloudFrontSeesWhatIsGone',
      principals,
      conditions,
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
    },
    {
      sid: 'CloudFrontShowsNothingOfTheIndex',
      effect: Effect.DENY,
      principals,
      actions,
      resources: own,
    },
  ];
  for (const one of statements) bucket.addToResourcePolicy(new PolicyStatement(one));
}

/** All of this account: CloudFront says which one it is, and not always whose. */
function distributionsOf(stack: Stack): string {
  return stack.formatArn({
    service: 'cloudfront',
    region: '',
    resource: 'distribution',
    resourceName: '*',
  });
}
