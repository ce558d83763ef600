import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface NetworkStackProps extends StackProps {
  readonly settings: Settings;
}

/** Private subnets, their way to AWS, and the load balancer that is reached from inside and by CloudFront. */
export class NetworkStack extends Stack {
  readonly vpc!: IVpc;
  /** Internal. Listener 80 is the edge's (CloudFront alone may connect), 8000 the gpu-service's. */
  readonly balancer!: ApplicationLoadBalancer;

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
  }
}
