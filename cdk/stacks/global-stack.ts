import { Stack, type StackProps } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface GlobalStackProps extends StackProps {
  readonly settings: Settings;
}

/** What CloudFront wants to be in us-east-1, wherever the rest is: firewall and certificate. */
export class GlobalStack extends Stack {
  readonly webAclArn: string = '';
  /** Of `settings.domain`; undefined without one. */
  readonly certificate: ICertificate | undefined;

  constructor(scope: Construct, id: string, props: GlobalStackProps) {
    super(scope, id, props);
  }
}
