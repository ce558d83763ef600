import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';

export interface PipelineStackProps extends StackProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly balancer: ApplicationLoadBalancer;
  readonly data: DataStack;
  readonly serviceUrl: string;
  /** CloudFront's store of keys that has the generation of the index. */
  readonly generations: { readonly arn: string };
}

/** What keeps index and bucket the same: uploads at once, everything every night, and copies of the index. */
export class PipelineStack extends Stack {
  readonly indexImages!: IFunction;
  readonly reconcile!: IFunction;
  readonly snapshot: IFunction | undefined;
  readonly publishGeneration!: IFunction;

  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    super(scope, id, props);
  }
}
