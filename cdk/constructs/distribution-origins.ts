import { Annotations, Duration } from 'aws-cdk-lib';
import {
  AccessLevel,
  type IOrigin,
  OriginProtocolPolicy,
  S3OriginAccessControl,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin, VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { edgePort } from './network-balancer.ts';

/**
 * A bucket of this stack. Who may list hears 404 of what is not there, else 403; a listing itself can't
 * be asked for, as `/` is `index.html` and no query is passed on.
 */
export function pageOrigin(scope: Construct, page: IBucket): IOrigin {
  const originAccessLevels = [AccessLevel.READ, AccessLevel.LIST];
  Annotations.of(scope).acknowledgeWarning(
    '@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk',
    'There is a default root object, and queries do not reach the bucket',
  );
  return S3BucketOrigin.withOriginAccessControl(page, { originAccessLevels });
}

/** A bucket of an earlier stack, which lets CloudFront read by itself. */
export function picturesOrigin(scope: Construct, pictures: IBucket): IOrigin {
  const control = new S3OriginAccessControl(scope, 'PicturesAccess');
  return S3BucketOrigin.withBucketDefaults(pictures, {
    originAccessControlId: control.originAccessControlId,
  });
}

/** How long CloudFront may wait for an answer without a higher quota. */
const longestWaitSeconds = 120;

/**
 * The edge, behind the internal load balancer: from CloudFront's own network into ours, so that what
 * is not encrypted on the last step is on no wire of others.
 */
export function edgeOrigin(balancer: ApplicationLoadBalancer, settings: Settings): IOrigin {
  // The edge says itself that it took too long, and must be heard.
  const waitSeconds = Math.ceil(settings.edge.requestTimeoutMs / 1000) + 5;
  return VpcOrigin.withApplicationLoadBalancer(balancer, {
    protocolPolicy: OriginProtocolPolicy.HTTP_ONLY,
    httpPort: edgePort,
    readTimeout: Duration.seconds(Math.min(waitSeconds, longestWaitSeconds)),
    // Less than the load balancer's: it is not the one that hangs up on a request.
    keepaliveTimeout: Duration.seconds(60),
    connectionAttempts: 2,
    connectionTimeout: Duration.seconds(3),
  });
}
