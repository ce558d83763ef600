import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { IndexAnnouncements } from '../constructs/index-announcements.ts';
import { reconcileEnvironment, snapshotEnvironment } from '../constructs/index-environment.ts';
import { IndexFunction } from '../constructs/index-function.ts';
import { grantReconciling, grantSnapshots } from '../constructs/index-rights.ts';
import { NightlyFunction } from '../constructs/nightly-function.ts';
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
  readonly indexImages: IFunction;
  readonly reconcile: IFunction;
  /** Undefined where somebody else runs Qdrant, and copies it. */
  readonly snapshot: IFunction | undefined;
  readonly publishGeneration: IFunction;

  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    super(scope, id, props);
    const { settings, data, generations } = props;
    this.indexImages = new IndexFunction(this, 'IndexImages', props).function;
    this.reconcile = this.createReconcile(props);
    this.snapshot = settings.qdrant.kind === 'own' ? this.createSnapshot(props) : undefined;
    this.publishGeneration = new IndexAnnouncements(this, 'Announcements', {
      settings,
      pictures: data.pictures,
      generationsArn: generations.arn,
    }).publishing.function;
  }

  private createReconcile(props: PipelineStackProps): IFunction {
    const { settings, vpc, data } = props;
    const reconcile = new NightlyFunction(this, 'Reconcile', {
      settings,
      name: 'reconcile',
      bundle: 'reconcile',
      description: 'Compares bucket and index every night',
      environment: reconcileEnvironment(props),
      memoryMb: 512,
      timeout: Duration.minutes(15),
      vpc,
      at: { hour: '3', minute: '30' },
    });
    grantReconciling(reconcile.role, data);
    data.qdrant.allowFrom(reconcile.function);
    data.cache.allowFrom(reconcile.function);
    return reconcile.function;
  }

  /** Before the index is compared: a copy is worth most when nobody changes anything. */
  private createSnapshot(props: PipelineStackProps): IFunction {
    const { settings, vpc, data } = props;
    const snapshot = new NightlyFunction(this, 'Snapshot', {
      settings,
      name: 'snapshot',
      bundle: 'snapshot',
      description: 'Copies the index every night',
      environment: snapshotEnvironment(props),
      // A whole core: what it does is hashing and TLS.
      memoryMb: 1769,
      timeout: Duration.minutes(15),
      vpc,
      retries: 1,
      at: { hour: '2', minute: '30' },
    });
    grantSnapshots(snapshot.role, data);
    data.qdrant.allowFrom(snapshot.function);
    data.cache.allowFrom(snapshot.function);
    return snapshot.function;
  }
}
