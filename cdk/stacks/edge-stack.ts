import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { type IConnectable, type IVpc, Port } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { BundledFunction } from '../constructs/bundled-function.ts';
import { createEntrance } from '../constructs/edge-entrance.ts';
import { edgeEnvironment } from '../constructs/edge-environment.ts';
import { EdgePage } from '../constructs/edge-page.ts';
import { releaseEdge } from '../constructs/edge-release.ts';
import { grantThumbnails, grantUploads } from '../constructs/edge-rights.ts';
import { EdgeStreaming } from '../constructs/edge-streaming.ts';
import { servicePort } from '../constructs/service-environment.ts';
import type { ProcessEnvironment } from '../environment.ts';
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
  readonly alias: Alias;
  /** For searches that are answered by a stream; undefined where no language model is on. */
  readonly streaming: EdgeStreaming | undefined;

  constructor(scope: Construct, id: string, props: EdgeStackProps) {
    super(scope, id, props);
    const { settings, vpc, balancer, data, page: bucket, distribution } = props;
    const environment = edgeEnvironment(props);
    const edge = this.createFunction(props, environment);
    this.alias = releaseEdge(this, { settings, edge: edge.function });
    const listener = createEntrance(this, { settings, balancer, alias: this.alias });
    const { explanations, reranking } = settings.llm;
    if (explanations || reranking) {
      this.streaming = new EdgeStreaming(this, 'Streaming', {
        settings,
        vpc,
        listener,
        environment,
      });
      letAsk(this.streaming.service, props);
      if (reranking) grantThumbnails(this.streaming.role, data.pictures);
    }
    const page = new EdgePage(this, 'Page', { settings, bucket, distribution });
    // What it asks for must be there.
    page.node.addDependency(this.alias, listener);
  }

  private createFunction(props: EdgeStackProps, environment: ProcessEnvironment): BundledFunction {
    const { settings, vpc, data } = props;
    const { memoryMb, reservedConcurrency, requestTimeoutMs } = settings.edge;
    const edge = new BundledFunction(this, 'Function', {
      settings,
      name: 'edge',
      bundle: 'edge',
      description: 'Keys, limits and the cache, before a search',
      environment,
      memoryMb,
      // Whatever is late has been answered by then.
      timeout: Duration.seconds(Math.ceil(requestTimeoutMs / 1000) + 2),
      vpc,
      reservedConcurrency,
      sourceMaps: false,
    });
    letAsk(edge.function, props);
    grantUploads(edge.role, data.pictures);
    if (settings.llm.reranking) grantThumbnails(edge.role, data.pictures);
    return edge;
  }
}

/** The cache, and the service behind the load balancer. */
function letAsk(edge: IConnectable, { data, balancer }: EdgeStackProps): void {
  data.cache.allowFrom(edge);
  edge.connections.allowTo(balancer, Port.tcp(servicePort), 'the service');
}
