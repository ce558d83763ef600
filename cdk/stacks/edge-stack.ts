import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';

export interface EdgeStackProps extends StackProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly balancer: ApplicationLoadBalancer;
  readonly data: DataStack;
  readonly serviceUrl: string;
  readonly picturesUrl: string;
  readonly page: IBucket;
  readonly distribution: IDistribution;
}

/** The edge as a function behind the load balancer, and the page that asks it: released last. */
export class EdgeStack extends Stack {
  readonly alias!: Alias;

  constructor(scope: Construct, id: string, props: EdgeStackProps) {
    super(scope, id, props);
  }
}
