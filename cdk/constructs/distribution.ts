import { Validations } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  Distribution,
  HttpVersion,
  PriceClass,
  SecurityPolicyProtocol,
} from 'aws-cdk-lib/aws-cloudfront';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { searchErrorResponses } from './cache-policies.ts';
import { edgeBehaviors, pageBehavior, pictureBehaviors } from './distribution-behaviors.ts';
import { edgeOrigin, pageOrigin, picturesOrigin } from './distribution-origins.ts';
import type { Generations } from './generations.ts';

export interface DistributionParts {
  readonly settings: Settings;
  readonly page: IBucket;
  readonly pictures: IBucket;
  readonly balancer: ApplicationLoadBalancer;
  readonly generations: Generations;
  readonly webAclArn: string;
  readonly certificate: ICertificate | undefined;
}

/** The one way in: page, pictures and the edge under one name. */
export function createDistribution(scope: Construct, parts: DistributionParts): Distribution {
  const { settings, page, pictures, balancer, generations, webAclArn } = parts;
  const { cdnSeconds } = settings.edge;
  const pages = pageBehavior(scope, pageOrigin(scope, page), pictures);
  const distribution = new Distribution(scope, 'Distribution', {
    ...names(parts),
    comment: `picture-search ${settings.environment}`,
    defaultRootObject: 'index.html',
    defaultBehavior: pages,
    additionalBehaviors: {
      '/assets/*': pages,
      ...pictureBehaviors(scope, picturesOrigin(scope, pictures)),
      ...edgeBehaviors(scope, edgeOrigin(balancer, settings), { cdnSeconds, generations }),
    },
    // Of pictures too: one that is not there yet may be there in a moment.
    errorResponses: [...searchErrorResponses],
    httpVersion: HttpVersion.HTTP2_AND_3,
    priceClass: priceClass(settings.region),
    webAclId: webAclArn,
    publishAdditionalMetrics: true,
  });
  acknowledge(distribution, settings);
  return distribution;
}

function names({ settings: { domain }, certificate }: DistributionParts) {
  if (domain === undefined) return {};
  return {
    domainNames: [domain.name],
    ...(certificate && { certificate }),
    minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
  };
}

/** The places that cost least, where those are near the region; else all of them. */
function priceClass(region: string): PriceClass {
  return /^(us|ca|eu)-/.test(region) ? PriceClass.PRICE_CLASS_100 : PriceClass.PRICE_CLASS_ALL;
}

function acknowledge(distribution: Distribution, { domain }: Settings): void {
  const findings = [
    {
      id: 'AwsSolutions-CFR1',
      reason: 'Who may search is decided by keys: a team may be in any country.',
    },
    {
      id: 'AwsSolutions-CFR3',
      reason:
        'Access is logged, by a delivery of its own (AWS::Logs::Delivery), which the rule does not ' +
        'see: the logging that it asks for would need a bucket with ACLs, and log what people search for.',
    },
  ];
  const ownName = {
    id: 'AwsSolutions-CFR4',
    reason:
      'Without a domain the certificate is that of *.cloudfront.net, and CloudFront sets the lowest ' +
      'version of TLS for it. With `domain` in the settings it is TLS 1.2.',
  };
  const all = domain === undefined ? [...findings, ownName] : findings;
  for (const finding of all) Validations.of(distribution).acknowledge(finding);
}
