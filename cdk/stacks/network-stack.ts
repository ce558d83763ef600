import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { createBalancer } from '../constructs/network-balancer.ts';
import { addEndpoints } from '../constructs/network-endpoints.ts';
import { createVpc } from '../constructs/network-vpc.ts';
import type { Settings } from '../settings.ts';

export interface NetworkStackProps extends StackProps {
  readonly settings: Settings;
}

/** Private subnets, their way to AWS, and the load balancer that is reached from inside and by CloudFront. */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  /** Internal. Listener 80 is the edge's (CloudFront alone may connect), 8000 the gpu-service's. */
  readonly balancer: ApplicationLoadBalancer;
  private readonly zones: readonly string[];

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    const { settings } = props;
    this.zones = settings.zones;
    const vpc = createVpc(this, settings);
    addEndpoints(vpc, settings);
    this.vpc = vpc;
    this.balancer = createBalancer(this, vpc, settings);
  }

  /** Told by the settings: where it knows the account, CDK would look them up. */
  override get availabilityZones(): string[] {
    return [...this.zones];
  }
}
