import { Duration } from 'aws-cdk-lib';
import { type Alarm, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { Settings } from '../settings.ts';
import { slowSearchMs } from './slow-search.ts';
import { createOwnMetrics, createShare, createSum } from './alarms-metrics.ts';
import type { Alarms } from './alarms.ts';

/**
 * The target is for the benchmark's fifteen texts. People ask for a hundred results and with filters, and
 * some meet an instance that just began: only several times the target says that something is wrong.
 */

/** What people who search would notice. Returns those that say that searches fail. */
export function watchSearches(alarms: Alarms, settings: Settings): Alarm[] {
  const edge = createOwnMetrics(settings.environment, 'edge');
  const minute = Duration.minutes(1);
  alarms.watch({
    what: 'searches-slow',
    means: 'One search in twenty takes far longer than the target of the benchmark.',
    metric: new MathExpression({
      // A percentile of a few is one slow start.
      expression: 'IF(searches >= 20, p95, 0)',
      usingMetrics: {
        searches: edge('total_duration', { statistic: Stats.SAMPLE_COUNT }),
        p95: edge('total_duration', { statistic: Stats.p(95) }),
      },
    }),
    threshold: slowSearchMs(settings),
    periods: 3,
    // Nobody searches. That somebody could is what the benchmark says.
    missing: 'good',
  });
  watchRefusals(alarms, settings);
  const failing = alarms.watch({
    what: 'searches-failing',
    means: 'More than 5 % of the requests are answered with 5xx.',
    metric: createShare(
      edge('server_errors', { period: minute }),
      edge('requests', { period: minute }),
      { least: 10, period: minute },
    ),
    threshold: 5,
    periods: 5,
    bad: 3,
    // No requests, no failures; an edge that does not run is seen by CloudFront and the benchmark.
    missing: 'good',
  });
  return [failing];
}

function watchRefusals(alarms: Alarms, settings: Settings): void {
  const edge = createOwnMetrics(settings.environment, 'edge');
  alarms.watch({
    what: 'searches-refused',
    means: 'More than 1 % of the requests are refused as there are too many.',
    metric: createShare(edge('failures', { code: 'overloaded' }), edge('requests'), { least: 50 }),
    threshold: 1,
    periods: 2,
    // Nobody asks, so nobody is refused.
    missing: 'good',
  });
  const [hit, miss, bypass] = [edge('cache_hit'), edge('cache_miss'), edge('cache_bypass')];
  alarms.watch({
    what: 'cache-lost',
    means: 'More than 10 % of the searches could not ask the cache, and all go to the service.',
    metric: createShare(bypass, createSum([hit, miss, bypass]), { least: 20 }),
    threshold: 10,
    periods: 2,
    missing: 'good',
  });
}

/** The function that people reach, as Lambda sees it. */
export function watchEdge(alarms: Alarms, edge: Alias): Alarm[] {
  const errors = alarms.watch({
    what: 'edge-errors',
    means: 'More than 1 % of the calls of the edge end without an answer: time, memory, or a bug.',
    metric: new MathExpression({
      expression: 'IF(errors >= 3, 100 * errors / calls, 0)',
      usingMetrics: {
        errors: edge.metricErrors({ statistic: Stats.SUM }),
        calls: edge.metricInvocations({ statistic: Stats.SUM }),
      },
    }),
    threshold: 1,
    periods: 1,
    // It was not called.
    missing: 'good',
  });
  const throttled = alarms.watch({
    what: 'edge-throttled',
    means: 'Lambda refuses calls of the edge: all instances that it may have are busy.',
    metric: edge.metricThrottles({ statistic: Stats.SUM }),
    threshold: 5,
    periods: 2,
    missing: 'good',
  });
  return [errors, throttled];
}
