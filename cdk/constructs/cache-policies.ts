import { Duration } from 'aws-cdk-lib';
import {
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  type ErrorResponse,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';

/**
 * Whoever may see an answer is in its key: both places where the API looks for a key, and the origin of
 * the page that asks, which the answer names where other origins are permitted. The last two are set by
 * `cdk/cloudfront/search.js`, and by nobody else.
 */
const keyHeaders = ['Authorization', 'X-Api-Key', 'Origin', 'X-Index-Generation', 'X-Answer-As'];

/**
 * How answers to searches are kept: as long as the edge says, for `cdnSeconds` at most, and not at all
 * where it says nothing.
 */
export function createSearchCachePolicy(
  scope: Construct,
  id: string,
  cdnSeconds: number,
): CachePolicy {
  return new CachePolicy(scope, id, {
    comment: 'Answers to searches, by question, caller and generation of the index',
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.seconds(0),
    maxTtl: Duration.seconds(cdnSeconds),
    headerBehavior: CacheHeaderBehavior.allowList(...keyHeaders),
    queryStringBehavior: CacheQueryStringBehavior.all(),
    cookieBehavior: CacheCookieBehavior.none(),
    enableAcceptEncodingGzip: true,
    enableAcceptEncodingBrotli: true,
  });
}

/**
 * What the edge hears besides the key: nothing that changes what is kept. Bodies and their type are of
 * requests that are not kept.
 */
export function createSearchOriginPolicy(scope: Construct, id: string): OriginRequestPolicy {
  return new OriginRequestPolicy(scope, id, {
    comment: 'What the edge is told beside the key of an answer',
    headerBehavior: OriginRequestHeaderBehavior.allowList(
      'Accept',
      'Content-Type',
      'X-Request-Id',
      'Traceparent',
      'Tracestate',
      'User-Agent',
      'Access-Control-Request-Method',
      'Access-Control-Request-Headers',
    ),
    queryStringBehavior: OriginRequestQueryStringBehavior.all(),
    cookieBehavior: OriginRequestCookieBehavior.none(),
  });
}

/** CloudFront keeps these for ten seconds by itself, whatever the edge says of them. */
const keptStatuses = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/** For the distribution: no failure outlives its cause. */
export const searchErrorResponses: readonly ErrorResponse[] = keptStatuses.map((httpStatus) => ({
  httpStatus,
  ttl: Duration.seconds(0),
}));
