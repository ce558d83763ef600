import { Duration } from 'aws-cdk-lib';
import { type Alarm, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Settings } from '../settings.ts';
import { ecsMetric, runningTasks } from './alarms-service.ts';
import type { Alarms } from './alarms.ts';
import type { QdrantMetrics } from './qdrant.ts';

/** A Qdrant of one's own. Returns those alarms that say that searches fail. */
export function watchQdrant(alarms: Alarms, qdrant: QdrantMetrics): Alarm[] {
  alarms.watch({
    what: 'qdrant-disk',
    means: 'More than 75 % of the volume of Qdrant is used; full, it takes no more pictures.',
    metric: diskMetric(qdrant),
    threshold: 75,
    periods: 6,
    // A disk that nobody measures fills up unseen. Half an hour is more than a restart takes.
    missing: 'bad',
  });
  alarms.watch({
    what: 'qdrant-memory',
    means: 'Qdrant uses more than 85 % of its memory.',
    metric: ecsMetric('MemoryUtilization', qdrant, Stats.MAXIMUM),
    threshold: 85,
    periods: 3,
    // `qdrant-down` tells.
    missing: 'good',
  });
  const down = alarms.watch({
    what: 'qdrant-down',
    means: 'Qdrant does not run: only what is cached is found.',
    metric: runningTasks(qdrant),
    threshold: 1,
    below: true,
    periods: 3,
    missing: 'bad',
  });
  return [down];
}

export function diskMetric({ disk }: QdrantMetrics): Metric {
  const { namespace, name, dimensions } = disk;
  return new Metric({
    namespace,
    metricName: name,
    dimensionsMap: dimensions,
    statistic: Stats.MAXIMUM,
  });
}

/** Searches go on without the cache, each of them to the service. */
export function watchCache(alarms: Alarms, cache: Settings['cache'], name: string): void {
  const told = { runbook: 'cache-full', missing: 'good' } as const;
  alarms.watch({
    ...told,
    what: 'cache-full',
    means: `More than 85 % of the ${cache.maxGb} GB that the cache may have are used.`,
    metric: cacheMetric('BytesUsedForCache', name, Stats.MAXIMUM),
    threshold: 0.85 * cache.maxGb * 1e9,
    periods: 3,
  });
  alarms.watch({
    ...told,
    what: 'cache-evicting',
    means: 'The cache throws away what is not too old yet, as it is full.',
    metric: cacheMetric('Evictions', name, Stats.SUM),
    threshold: 0,
    periods: 3,
  });
  alarms.watch({
    ...told,
    what: 'cache-throttled',
    means: `The cache is asked for more than ${cache.maxRequestUnitsPerSecond} units a second, and refuses.`,
    metric: cacheMetric('ThrottledCmds', name, Stats.SUM),
    threshold: 0,
    periods: 2,
  });
}

/** Of a serverless cache. */
export function cacheMetric(metricName: string, clusterId: string, statistic: string): Metric {
  return new Metric({
    namespace: 'AWS/ElastiCache',
    metricName,
    dimensionsMap: { clusterId },
    statistic,
    period: Duration.minutes(5),
  });
}
