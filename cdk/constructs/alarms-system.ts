import type { Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { Settings } from '../settings.ts';
import { type BalancerNames, watchBalancer } from './alarms-balancer.ts';
import { watchBenchmark } from './alarms-benchmark.ts';
import { watchCache, watchQdrant } from './alarms-data.ts';
import type { Front } from './alarms-front.ts';
import { watchLanguageModels } from './alarms-llm.ts';
import { type PipelineFunctions, watchPipeline } from './alarms-pipeline.ts';
import { watchQueues } from './alarms-queues.ts';
import { watchEdge, watchSearches } from './alarms-search.ts';
import { type EcsNames, watchService, watchStreaming } from './alarms-service.ts';
import type { Alarms } from './alarms.ts';
import type { QdrantMetrics } from './qdrant.ts';

/** An environment, as far as it is watched. */
export interface System {
  readonly settings: Settings;
  readonly front: Front;
  readonly edge: Alias;
  readonly service: EcsNames & BalancerNames;
  /** The edge that streams; undefined where no language model is on. */
  readonly streaming: EcsNames | undefined;
  /** Undefined where it is somebody else's. */
  readonly qdrant: QdrantMetrics | undefined;
  readonly cacheName: string;
  readonly functions: PipelineFunctions;
  /** Those that may have queues. */
  readonly stacks: readonly Stack[];
}

/**
 * Every alarm of the environment's own region. Returns those that say that people who search get nothing;
 * the others say what will come to that, or what is not found yet.
 */
export function watchSystem(alarms: Alarms, system: System): Alarm[] {
  const { settings, service, streaming, qdrant } = system;
  const critical = [
    ...watchSearches(alarms, settings),
    ...watchEdge(alarms, system.edge),
    ...watchBalancer(alarms, service),
    ...watchService(alarms, settings, service),
    ...(streaming === undefined ? [] : watchStreaming(alarms, streaming)),
    ...(qdrant === undefined ? [] : watchQdrant(alarms, qdrant)),
  ];
  watchBenchmark(alarms, settings);
  watchCache(alarms, settings.cache, system.cacheName);
  watchLanguageModels(alarms, settings);
  watchPipeline(alarms, settings, system.functions);
  watchQueues(alarms, system.stacks);
  return critical;
}
