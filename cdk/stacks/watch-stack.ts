import { Stack, type StackProps } from 'aws-cdk-lib';
import { Function as FrontFunction } from 'aws-cdk-lib/aws-cloudfront';
import type { Alarm, AlarmBase } from 'aws-cdk-lib/aws-cloudwatch';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { type Front, globalRegion, watchFront } from '../constructs/alarms-front.ts';
import { untoldAlarms } from '../constructs/alarms-releases.ts';
import type { EcsNames } from '../constructs/alarms-service.ts';
import { type System, watchSystem } from '../constructs/alarms-system.ts';
import { Alarms } from '../constructs/alarms.ts';
import { Budget } from '../constructs/budget.ts';
import { Dashboard } from '../constructs/dashboard.ts';
import { ScheduledBenchmark } from '../constructs/scheduled-benchmark.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';
import type { EdgeStack } from './edge-stack.ts';
import type { FrontStack } from './front-stack.ts';
import type { GlobalStack } from './global-stack.ts';
import type { PipelineStack } from './pipeline-stack.ts';
import type { ServiceStack } from './service-stack.ts';

export interface WatchStackProps extends StackProps {
  readonly settings: Settings;
  readonly global: GlobalStack;
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
    const { settings, data, front, service, pipeline, edge } = props;
    // First: its dead letters are watched too.
    new ScheduledBenchmark(this, 'Benchmark', {
      settings,
      url: front.url,
      reports: data.reports,
      apiKey: data.secrets.benchmarkKey,
    });
    const system = this.#systemOf(props);
    const alarms = new Alarms(this, 'Alarms', settings);
    const critical = watchSystem(alarms, system);
    const releases = untoldAlarms([data, front, service, pipeline, edge]);
    if (releases.length > 0) {
      const means =
        'An alarm that takes a new version back rings: a release is undone, or none can begin.';
      alarms.watchAny({ what: 'release-alarm', means }, releases);
    }
    const inFront = this.#watchFront(scope, id, props, { alarms, front: system.front });
    alarms.watchAny(
      {
        what: 'search-down',
        means: 'People who search get errors, or nothing: somebody should come now.',
      },
      [...critical, ...inFront],
    );
    const shown: AlarmBase[] = [...alarms.composites, ...alarms.all];
    new Dashboard(this, 'Dashboard', { system, alarms: shown });
    const { environment, monthlyBudgetUsd, alarmEmail } = settings;
    new Budget(this, 'Budget', { environment, monthlyUsd: monthlyBudgetUsd, email: alarmEmail });
  }

  #systemOf(props: WatchStackProps): System {
    const { settings, data, front, service, pipeline, edge } = props;
    return {
      settings,
      front: frontOf(props),
      edge: edge.alias,
      service,
      streaming: edge.streaming && namesOf(edge.streaming.service),
      qdrant: data.qdrant.metrics,
      cacheName: data.cache.name,
      functions: pipeline,
      stacks: [data, front, service, pipeline, edge, this],
    };
  }

  /** Returns those that one of this stack's can go by: an alarm hears of none in another region. */
  #watchFront(
    scope: Construct,
    id: string,
    { settings, env, tags = {} }: WatchStackProps,
    { alarms, front }: { readonly alarms: Alarms; readonly front: Front },
  ): Alarm[] {
    if (settings.region === globalRegion) return watchFront(alarms, front);
    const there = new Stack(scope, `${id}-front`, {
      env: { ...env, region: globalRegion },
      crossRegionReferences: true,
      tags,
      terminationProtection: settings.keepData,
      description: 'Alarms of what CloudFront tells, which is there alone',
    });
    watchFront(new Alarms(there, 'Alarms', settings), front);
    return [];
  }
}

function namesOf({ cluster: { clusterName }, serviceName }: FargateService): EcsNames {
  return { clusterName, serviceName };
}

function frontOf({ global, front }: WatchStackProps): Front {
  return {
    distributionId: front.distribution.distributionId,
    functionNames: front.node
      .findAll()
      .filter((construct) => construct instanceof FrontFunction)
      .map(({ functionName }) => functionName),
    webAclMetricName: global.webAclMetricName,
    certificateArn: global.certificate?.certificateArn,
  };
}
