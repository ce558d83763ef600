import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Settings } from '../settings.ts';
import { createOwnMetrics } from './alarms-metrics.ts';
import type { Alarms } from './alarms.ts';

/** The fifteen queries that are asked by a schedule, from outside. */
export function watchBenchmark(alarms: Alarms, settings: Settings): void {
  const { everyMinutes, targetP95Ms } = settings.benchmark;
  const benchmark = createOwnMetrics(settings.environment, 'benchmark');
  const period = Duration.minutes(everyMinutes);
  alarms.watch({
    what: 'benchmark-missed',
    means: `In two of three runs more than one query in twenty took over ${targetP95Ms} ms, or failed.`,
    metric: benchmark('missed', { statistic: Stats.MINIMUM, period }),
    threshold: 0,
    // A run that is a second late leaves one period without any.
    periods: 3,
    bad: 2,
    // It did not run: the next alarm. What was slow is not known to be better.
    missing: 'same',
  });
  alarms.watch({
    what: 'benchmark-not-run',
    means: 'The benchmark has not run to its end three times in a row.',
    metric: benchmark('finished', { statistic: Stats.MAXIMUM, period }),
    threshold: 1,
    below: true,
    periods: 3,
    missing: 'bad',
  });
}
