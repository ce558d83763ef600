import { type GraphWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { cacheMetric, diskMetric } from './alarms-data.ts';
import { createOwnMetrics, createShare, createSum } from './alarms-metrics.ts';
import { ecsMetric, runningTasks } from './alarms-service.ts';
import type { System } from './alarms-system.ts';
import { graph } from './dashboard-widgets.ts';

/** Tasks, GPU or CPU, and the texts that are encoded. */
export function serviceWidgets({ settings, service: names }: System): GraphWidget[] {
  const service = createOwnMetrics(settings.environment, 'gpu-service');
  const gpu =
    settings.service.kind === 'gpu'
      ? [
          service('gpu_utilization', { statistic: Stats.AVERAGE, label: 'GPU' }),
          service('gpu_memory_used', { statistic: Stats.MAXIMUM, label: 'memory of the GPU' }),
        ]
      : [];
  const known = service('text_cache_hit');
  return [
    graph('Tasks', [runningTasks(names).with({ label: 'running' })], {
      limit: settings.service.minTasks,
    }),
    graph('Used, %', [
      ...gpu,
      ecsMetric('CPUUtilization', names, Stats.AVERAGE).with({ label: 'CPU' }),
      ecsMetric('MemoryUtilization', names, Stats.MAXIMUM).with({ label: 'memory' }),
    ]),
    graph(
      'Texts for the encoder',
      [
        service('queue_depth_texts', { statistic: Stats.MAXIMUM, label: 'waiting' }),
        service('encoder_batch_texts', { statistic: Stats.AVERAGE, label: 'in a batch' }),
      ],
      { limit: 256 },
    ),
    graph('Texts that were known, %', [
      createShare(known, createSum([known, service('text_cache_miss')]), {
        least: 1,
        label: 'known',
      }),
    ]),
  ];
}

/** Nothing where it is somebody else's. */
export function qdrantWidgets({ qdrant }: System): GraphWidget[] {
  if (qdrant === undefined) return [];
  const used = (name: string, label: string) =>
    ecsMetric(name, qdrant, Stats.MAXIMUM).with({ label });
  return [
    graph('Qdrant runs', [runningTasks(qdrant).with({ label: 'tasks' })], { limit: 1, width: 8 }),
    graph('Qdrant, used, %', [used('CPUUtilization', 'CPU'), used('MemoryUtilization', 'memory')], {
      width: 8,
    }),
    graph('Volume of Qdrant, used, %', [diskMetric(qdrant).with({ label: 'disk' })], {
      limit: 75,
      width: 8,
    }),
  ];
}

export function cacheWidgets({ settings, cacheName }: System): GraphWidget[] {
  const metric = (name: string, statistic: string, label: string) =>
    cacheMetric(name, cacheName, statistic).with({ label });
  return [
    graph('Bytes', [metric('BytesUsedForCache', Stats.MAXIMUM, 'used')], {
      limit: settings.cache.maxGb * 1e9,
      width: 8,
    }),
    graph('Units', [metric('ElastiCacheProcessingUnits', Stats.SUM, 'used')], { width: 8 }),
    graph(
      'Too much',
      [
        metric('Evictions', Stats.SUM, 'thrown away'),
        metric('ThrottledCmds', Stats.SUM, 'refused'),
      ],
      { width: 8 },
    ),
  ];
}
