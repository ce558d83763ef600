import { App, Stack } from 'aws-cdk-lib';
import { Alias, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { System } from '../../cdk/constructs/alarms-system.ts';
import { environments, type Settings } from '../../cdk/settings.ts';

/** Settings of an environment, changed. */
export function settingsOf(environment: string, changed: Partial<Settings> = {}): Settings {
  const settings = environments[environment];
  if (settings === undefined) throw new Error(`There is no environment ${environment}`);
  return { ...settings, ...changed };
}

/** What is watched, as small as it can be: one stack with functions that do nothing, and a queue. */
export function createWatchedSystem(
  settings: Settings,
  more: Partial<System> = {},
): { readonly stack: Stack; readonly system: System } {
  const { environment, region } = settings;
  const stack = new Stack(new App(), `picture-search-${environment}-all`, { env: { region } });
  const aFunction = (id: string) =>
    new LambdaFunction(stack, id, {
      code: Code.fromInline('exports.handler = async () => {}'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_LATEST,
    });
  const queue = new Queue(stack, 'DeadLetters');
  const waiting = new Queue(stack, 'Queue', { deadLetterQueue: { queue, maxReceiveCount: 5 } });
  const system: System = {
    settings,
    front: {
      distributionId: 'E123',
      functionNames: ['strip', 'generation'],
      webAclMetricName: `picture-search-${environment}`,
      certificateArn: undefined,
    },
    edge: new Alias(stack, 'Live', {
      aliasName: 'live',
      version: aFunction('Edge').currentVersion,
    }),
    service: {
      clusterName: 'cluster',
      serviceName: 'service',
      balancerFullName: 'app/balancer/1',
      targetGroupNames: ['targetgroup/blue/1', 'targetgroup/green/2'],
    },
    streaming: undefined,
    qdrant: {
      clusterName: 'qdrant',
      serviceName: 'qdrant',
      disk: { namespace: 'Disk', name: 'used', dimensions: { path: '/' } },
    },
    cacheName: 'cache',
    functions: {
      indexImages: aFunction('IndexImages'),
      publishGeneration: aFunction('PublishGeneration'),
      snapshot: aFunction('Snapshot'),
    },
    stacks: [Stack.of(waiting)],
    ...more,
  };
  return { stack, system };
}
