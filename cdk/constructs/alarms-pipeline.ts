import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Settings } from '../settings.ts';
import { createOwnMetrics } from './alarms-metrics.ts';
import type { Alarms } from './alarms.ts';

export interface PipelineFunctions {
  readonly indexImages: IFunction;
  readonly publishGeneration: IFunction;
  readonly snapshot: IFunction | undefined;
}

/** What keeps index and bucket the same. */
export function watchPipeline(
  alarms: Alarms,
  settings: Settings,
  functions: PipelineFunctions,
): void {
  alarms.watch({
    what: 'index-images-failing',
    means: 'The function that indexes uploads ends without an answer: time, memory, or a bug.',
    metric: functions.indexImages.metricErrors({ statistic: Stats.SUM }),
    // One batch is tried again; what fails for good is in the dead-letter queue.
    threshold: 2,
    periods: 3,
    bad: 2,
    // Nothing was uploaded.
    missing: 'good',
  });
  alarms.watch({
    what: 'generation-unpublished',
    means:
      'CloudFront is not told that the index has changed: it gives old answers for some seconds.',
    metric: functions.publishGeneration.metricErrors({ statistic: Stats.SUM }),
    threshold: 0,
    periods: 3,
    bad: 2,
    // The index did not change.
    missing: 'good',
  });
  watchNightly(alarms, settings, 'reconcile');
  if (functions.snapshot !== undefined) watchNightly(alarms, settings, 'snapshot');
}

/** A day, and two hours for the run itself and a night that begins later. */
const hours = 26;

const nightly = {
  reconcile: 'of bucket against index',
  snapshot: 'that copies the index',
} as const;

function watchNightly(alarms: Alarms, settings: Settings, service: keyof typeof nightly): void {
  const finished = createOwnMetrics(settings.environment, service);
  const period = Duration.hours(1);
  const about = nightly[service];
  alarms.watch({
    what: `${service}-unfinished`,
    means: `The nightly run ${about} did not come to its end.`,
    runbook: service,
    metric: finished('finished', { statistic: Stats.MINIMUM, period }),
    threshold: 1,
    below: true,
    periods: 1,
    // 23 hours a day there is no run; that there was none at all is the next alarm.
    missing: 'good',
  });
  alarms.watch({
    what: `${service}-missed`,
    means: `No run ${about} has come to its end for ${hours} hours.`,
    runbook: service,
    metric: finished('finished', { statistic: Stats.MAXIMUM, period }),
    threshold: 1,
    below: true,
    periods: hours,
    // Hours without a run count as bad ones, and one good hour of all is enough.
    missing: 'bad',
  });
}
