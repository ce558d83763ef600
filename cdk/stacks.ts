import type { App, StackProps } from 'aws-cdk-lib';
import type { Settings } from './settings.ts';
import { DataStack } from './stacks/data-stack.ts';
import { EdgeStack } from './stacks/edge-stack.ts';
import { FrontStack } from './stacks/front-stack.ts';
import { GlobalStack } from './stacks/global-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { PipelineStack } from './stacks/pipeline-stack.ts';
import { ServiceStack } from './stacks/service-stack.ts';
import { WatchStack } from './stacks/watch-stack.ts';

/** Every stack of an environment, in the order in which they are deployed. */
export function createStacks(app: App, settings: Settings, account?: string) {
  const common = {
    settings,
    env: { account, region: settings.region },
    terminationProtection: settings.keepData,
    crossRegionReferences: settings.region !== globalRegion,
    tags: { project: 'picture-search', environment: settings.environment },
  } satisfies StackProps & { settings: Settings };
  const name = (part: string) => `picture-search-${settings.environment}-${part}`;

  const global = new GlobalStack(app, name('global'), {
    ...common,
    env: { account, region: globalRegion },
  });
  const network = new NetworkStack(app, name('network'), common);
  const { vpc, balancer } = network;
  const data = new DataStack(app, name('data'), { ...common, vpc });
  const front = new FrontStack(app, name('front'), {
    ...common,
    balancer,
    pictures: data.pictures,
    accessLogs: data.accessLogs,
    webAclArn: global.webAclArn,
    certificate: global.certificate,
  });
  const { picturesUrl, page, distribution, generations } = front;
  const service = new ServiceStack(app, name('service'), {
    ...common,
    vpc,
    balancer,
    data,
    picturesUrl,
  });
  const { serviceUrl } = service;
  const behind = { ...common, vpc, balancer, data, serviceUrl };
  const pipeline = new PipelineStack(app, name('pipeline'), { ...behind, generations });
  const edge = new EdgeStack(app, name('edge'), { ...behind, picturesUrl, page, distribution });
  const watch = new WatchStack(app, name('watch'), {
    ...common,
    data,
    front,
    service,
    pipeline,
    edge,
  });
  return { global, network, data, front, service, pipeline, edge, watch };
}

/** Where CloudFront looks for firewalls and certificates. */
const globalRegion = 'us-east-1';
