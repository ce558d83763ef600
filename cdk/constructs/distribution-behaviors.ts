import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Duration } from 'aws-cdk-lib';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachedMethods,
  CachePolicy,
  Function,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  type IOrigin,
  OriginRequestPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { createSearchCachePolicy, createSearchOriginPolicy } from './cache-policies.ts';
import type { Generations } from './generations.ts';
import { createAnswerHeaders, createPageHeaders, createPictureHeaders } from './page-headers.ts';

/** Paths of the edge whose answers are kept for a while. */
const keptPaths = ['/search', '/images/*', '/facets'] as const;

/** Paths of the edge that are asked every time. `/docs*` is the page and its style. */
const passedPaths = [
  '/uploads',
  '/health',
  '/livez',
  '/readyz',
  '/stats',
  '/metrics',
  '/openapi.json',
  '/docs*',
] as const;

/** How long a picture that was removed or replaced is still shown. */
const pictureSeconds = 60;

type Behaviors = Record<string, BehaviorOptions>;

/** The page: kept as long as its files say, and not at all where they say nothing. */
export function pageBehavior(
  scope: Construct,
  origin: IOrigin,
  pictures: IBucket,
): BehaviorOptions {
  return {
    origin,
    viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
    compress: true,
    cachePolicy: new CachePolicy(scope, 'PageCache', {
      comment: 'The page: as its files say',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.days(365),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    }),
    responseHeadersPolicy: createPageHeaders(scope, pictures),
  };
}

/** Pictures and thumbnails, by key. */
export function pictureBehaviors(scope: Construct, origin: IOrigin): Behaviors {
  const file = fileURLToPath(new URL('../cloudfront/pictures.js', import.meta.url));
  const strip = new Function(scope, 'Pictures', {
    comment: 'The key of a picture out of its path, and nothing of the index',
    code: FunctionCode.fromInline(readFileSync(file, 'utf8')),
    runtime: FunctionRuntime.JS_2_0,
  });
  const behavior: BehaviorOptions = {
    origin,
    viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
    // Pictures are compressed already.
    compress: false,
    cachePolicy: new CachePolicy(scope, 'PictureCache', {
      comment: 'Pictures: asked for anew soon, as they may be gone',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(pictureSeconds),
      maxTtl: Duration.seconds(pictureSeconds),
    }),
    functionAssociations: [{ eventType: FunctionEventType.VIEWER_REQUEST, function: strip }],
    responseHeadersPolicy: createPictureHeaders(scope),
  };
  return { '/pictures/*': behavior };
}

/** Everything that the edge answers. Keys come in headers, so never in the clear: no redirect. */
export function edgeBehaviors(
  scope: Construct,
  origin: IOrigin,
  { cdnSeconds, generations }: { readonly cdnSeconds: number; readonly generations: Generations },
): Behaviors {
  const all = {
    origin,
    viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    allowedMethods: AllowedMethods.ALLOW_ALL,
    responseHeadersPolicy: createAnswerHeaders(scope),
  };
  const kept: BehaviorOptions = {
    ...all,
    cachedMethods: CachedMethods.CACHE_GET_HEAD,
    compress: true,
    cachePolicy: createSearchCachePolicy(scope, 'SearchCache', cdnSeconds),
    originRequestPolicy: createSearchOriginPolicy(scope, 'SearchRequest'),
    functionAssociations: generations.associations,
  };
  const passed: BehaviorOptions = {
    ...all,
    cachePolicy: CachePolicy.CACHING_DISABLED,
    // The load balancer has one rule for all names; it hears its own, as it does from the others.
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  };
  return { ...each(keptPaths, kept), ...each(passedPaths, passed) };
}

function each(paths: readonly string[], behavior: BehaviorOptions): Behaviors {
  return Object.fromEntries(paths.map((path) => [path, behavior]));
}
