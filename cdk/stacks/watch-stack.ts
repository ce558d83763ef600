import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';
import type { EdgeStack } from './edge-stack.ts';
import type { FrontStack } from './front-stack.ts';
import type { PipelineStack } from './pipeline-stack.ts';
import type { ServiceStack } from './service-stack.ts';

export interface WatchStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly front: FrontStack;
  readonly service: ServiceStack;
  readonly pipeline: PipelineStack;
  readonly edge: EdgeStack;
}

/** The benchmark that runs by itself, alarms, one dashboard, the budget. */
export class WatchStack extends Stack {
  constructor(scope: Construct, id: string, props: WatchStackProps) {
    super(scope, id, props);
  }
}
