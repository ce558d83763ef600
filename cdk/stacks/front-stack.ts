import { Stack, type StackProps } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface FrontStackProps extends StackProps {
  readonly settings: Settings;
  readonly balancer: ApplicationLoadBalancer;
  readonly pictures: IBucket;
  readonly accessLogs: IBucket;
  readonly webAclArn: string;
  readonly certificate: ICertificate | undefined;
}

/** CloudFront: the page, the pictures, and the way to the edge. */
export class FrontStack extends Stack {
  readonly distribution!: IDistribution;
  /** `https://…`, without a slash at its end. */
  readonly url: string = '';
  /** `https://…/pictures/`: what `PICTURES_URL` is. */
  readonly picturesUrl: string = '';
  /** Where the built page goes. */
  readonly page!: IBucket;
  /** The store of keys that CloudFront reads the generation of the index from. */
  readonly generations: { readonly arn: string } = { arn: '' };

  constructor(scope: Construct, id: string, props: FrontStackProps) {
    super(scope, id, props);
  }
}
