import { Duration } from 'aws-cdk-lib';
import { type Alarm, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Settings } from '../settings.ts';
import { createOwnMetrics } from './alarms-metrics.ts';
import type { Alarms } from './alarms.ts';

/** A service of ECS by its names. */
export interface EcsNames {
  readonly clusterName: string;
  readonly serviceName: string;
}

/** Encoder and vector search: tasks, memory, GPU. Returns those that say that searches fail. */
export function watchService(alarms: Alarms, settings: Settings, names: EcsNames): Alarm[] {
  const { service } = settings;
  const few = alarms.watch({
    what: 'service-tasks',
    means: `Fewer than ${service.minTasks} tasks of the gpu-service run.`,
    metric: runningTasks(names),
    threshold: service.minTasks,
    below: true,
    periods: 5,
    // A task that runs says so every minute.
    missing: 'bad',
  });
  alarms.watch({
    what: 'service-memory',
    means: 'The gpu-service uses more than 85 % of its memory, and ends at 100 %.',
    metric: ecsMetric('MemoryUtilization', names, Stats.MAXIMUM),
    threshold: 85,
    periods: 3,
    // `service-tasks` tells of tasks that are not there.
    missing: 'good',
  });
  if (service.kind === 'gpu') watchGpu(alarms, settings);
  else watchCpu(alarms, names);
  watchEncoder(alarms, settings);
  return [few];
}

/** The edge as containers, for searches that are answered by a stream. */
export function watchStreaming(alarms: Alarms, names: EcsNames): Alarm[] {
  const none = alarms.watch({
    what: 'streaming-tasks',
    means: 'The edge that streams does not run: who asks for a stream gets an error.',
    metric: runningTasks(names),
    threshold: 1,
    below: true,
    periods: 3,
    // A task that runs says so every minute.
    missing: 'bad',
  });
  return [none];
}

/** As the documentation of ECS counts tasks: each tells its CPU once a minute. */
export function runningTasks(names: EcsNames): Metric {
  const minute = Duration.minutes(1);
  return ecsMetric('CPUUtilization', names, Stats.SAMPLE_COUNT).with({ period: minute });
}

export function ecsMetric(metricName: string, names: EcsNames, statistic: string): Metric {
  const dimensionsMap = { ClusterName: names.clusterName, ServiceName: names.serviceName };
  return new Metric({ namespace: 'AWS/ECS', metricName, dimensionsMap, statistic });
}

function watchGpu(alarms: Alarms, settings: Settings): void {
  const gpu = createOwnMetrics(settings.environment, 'gpu-service');
  alarms.watch({
    what: 'gpu-busy',
    means: 'The GPUs have been busy for half an hour: there are no more tasks, or not enough.',
    metric: gpu('gpu_utilization', { statistic: Stats.AVERAGE }),
    threshold: 90,
    periods: 6,
    // `gpu-unseen` tells.
    missing: 'good',
  });
  alarms.watch({
    what: 'gpu-memory',
    means: 'A GPU has less than a tenth of its memory left.',
    metric: gpu('gpu_memory_used', { statistic: Stats.MAXIMUM }),
    threshold: 90,
    periods: 3,
    missing: 'good',
  });
  alarms.watch({
    what: 'gpu-unseen',
    means: 'No task has told of its GPU for half an hour: the driver is gone, or the CPU encodes.',
    metric: gpu('gpu_utilization', { statistic: Stats.SAMPLE_COUNT }),
    threshold: 1,
    below: true,
    periods: 6,
    missing: 'bad',
  });
}

function watchCpu(alarms: Alarms, names: EcsNames): void {
  alarms.watch({
    what: 'service-cpu',
    means: 'The gpu-service, on CPUs here, has been busy for half an hour: tasks are missing.',
    metric: ecsMetric('CPUUtilization', names, Stats.AVERAGE),
    threshold: 85,
    periods: 6,
    missing: 'good',
  });
}

/** Of 256 texts at most (core/batched.ts); what comes then is refused. */
function watchEncoder(alarms: Alarms, settings: Settings): void {
  alarms.watch({
    what: 'encoder-queue',
    means: 'More than 200 texts wait for the encoder, of 256 at most.',
    metric: createOwnMetrics(settings.environment, 'gpu-service')('queue_depth_texts', {
      statistic: Stats.MAXIMUM,
    }),
    threshold: 200,
    periods: 2,
    // It is told with other things alone, so only where something is asked for.
    missing: 'good',
  });
}
