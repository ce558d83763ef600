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
  const name = (part: string) => `picture-search-${settings.environment}-${part}`;
  const common = propsOf(settings, account);
  const inGlobalRegion = { ...common, env: { account, region: globalRegion } };

  const global = new GlobalStack(app, name('global'), inGlobalRegion);
  const network = new NetworkStack(app, name('network'), common);
  const { vpc, balancer } = network;
  const data = new DataStack(app, name('data'), { ...common, vpc });
  const { webAclArn, certificate } = global;
  const { pictures, accessLogs } = data;
  const before = { balancer, pictures, accessLogs, webAclArn, certificate };
  const front = new FrontStack(app, name('front'), { ...common, ...before });
  const { picturesUrl, page, distribution, generations } = front;
  const inside = { ...common, vpc, balancer, data };
  const service = new ServiceStack(app, name('service'), { ...inside, picturesUrl });
  const { serviceUrl } = service;
  const behind = { ...inside, serviceUrl };
  const pipeline = new PipelineStack(app, name('pipeline'), { ...behind, generations });
  const edge = new EdgeStack(app, name('edge'), { ...behind, picturesUrl, page, distribution });
  const watched = { global, data, front, service, pipeline, edge };
  const watch = new WatchStack(app, name('watch'), { ...common, ...watched });
  return { ...watched, network, watch };
}

function propsOf(settings: Settings, account: string | undefined) {
  return {
    settings,
    env: { account, region: settings.region },
    terminationProtection: settings.keepData,
    crossRegionReferences: settings.region !== globalRegion,
    tags: { project: 'picture-search', environment: settings.environment },
  } satisfies StackProps & { settings: Settings };
}

/** Where CloudFront looks for firewalls and certificates. */
const globalRegion = 'us-east-1';
