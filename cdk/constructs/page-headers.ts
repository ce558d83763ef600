import { Duration } from 'aws-cdk-lib';
import {
  HeadersFrameOption,
  HeadersReferrerPolicy,
  ResponseHeadersPolicy,
  type ResponseSecurityHeadersBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/** Not for subdomains: who has a domain may have others below it. */
const always = {
  strictTransportSecurity: { accessControlMaxAge: Duration.days(365), override: true },
  contentTypeOptions: { override: true },
} satisfies ResponseSecurityHeadersBehavior;

const hidden = {
  frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
  referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
} satisfies ResponseSecurityHeadersBehavior;

/** What http/middleware.ts says of the page on a laptop: a test compares the two. */
export function createPageHeaders(scope: Construct, pictures: IBucket): ResponseHeadersPolicy {
  const policy = [
    "default-src 'self'",
    // Where forms for uploads are posted to.
    `connect-src 'self' https://${pictures.bucketRegionalDomainName}`,
    "img-src 'self' data:",
    "frame-ancestors 'none'",
  ];
  return new ResponseHeadersPolicy(scope, 'PageHeaders', {
    comment: 'The page: from here alone, in no frame, over TLS',
    securityHeadersBehavior: {
      ...always,
      ...hidden,
      contentSecurityPolicy: { contentSecurityPolicy: policy.join('; '), override: true },
    },
  });
}

/**
 * Somebody's files, from the place that the page is from: whatever they say they are, nothing in them
 * is run. Browsers ask anew each time, also for what was not there: another policy for failures there
 * is not.
 */
export function createPictureHeaders(scope: Construct): ResponseHeadersPolicy {
  return new ResponseHeadersPolicy(scope, 'PictureHeaders', {
    comment: 'Pictures: to be looked at, never to be run',
    securityHeadersBehavior: {
      ...always,
      ...hidden,
      contentSecurityPolicy: {
        contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        override: true,
      },
    },
    customHeadersBehavior: {
      customHeaders: [{ header: 'Cache-Control', value: 'no-cache', override: true }],
    },
  });
}

/** The edge says everything else itself. */
export function createAnswerHeaders(scope: Construct): ResponseHeadersPolicy {
  return new ResponseHeadersPolicy(scope, 'AnswerHeaders', {
    comment: 'Answers of the edge: over TLS',
    securityHeadersBehavior: always,
  });
}
