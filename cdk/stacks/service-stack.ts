import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';

export interface ServiceStackProps extends StackProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly balancer: ApplicationLoadBalancer;
  readonly data: DataStack;
  readonly picturesUrl: string;
}

/** Encoder and vector search behind the load balancer, and the same image as a job that indexes a bucket. */
export class ServiceStack extends Stack {
  /** `http://…:8000` inside the network. */
  readonly serviceUrl: string = '';
  /** For alarms and the dashboard. */
  readonly clusterName: string = '';
  readonly serviceName: string = '';
  /** As `AWS/ApplicationELB` knows the balancer. */
  readonly balancerFullName: string = '';

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
  }
}
