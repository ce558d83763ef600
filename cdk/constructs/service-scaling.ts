import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { BaseService } from 'aws-cdk-lib/aws-ecs';
import type { Settings } from '../settings.ts';
import { createOwnMetrics } from './alarms-metrics.ts';
import { serviceDimension } from './service-environment.ts';

/** Of the searches that a task takes at once: the rest is for the minutes until another is there. */
const busyShare = 0.25;
const busyPercent = 65;

/** More tasks while one of the two is high, fewer when both are low: searches at once, and the processor. */
export function scaleService(service: BaseService, settings: Settings): void {
  const { minTasks, maxTasks, maxConcurrentSearches, kind } = settings.service;
  const tasks = service.autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: maxTasks });
  const metric = createOwnMetrics(settings.environment, serviceDimension);
  const everyMinute = { statistic: Stats.AVERAGE, period: Duration.minutes(1) };
  const pauses = { scaleOutCooldown: Duration.minutes(2), scaleInCooldown: Duration.minutes(15) };
  tasks.scaleToTrackCustomMetric('Searches', {
    metric: metric('queue_depth_searches', everyMinute),
    targetValue: Math.max(1, Math.round(maxConcurrentSearches * busyShare)),
    ...pauses,
  });
  if (kind === 'cpu') {
    tasks.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: busyPercent, ...pauses });
  } else {
    tasks.scaleToTrackCustomMetric('Gpu', {
      metric: metric('gpu_utilization', everyMinute),
      targetValue: busyPercent,
      ...pauses,
    });
  }
}
