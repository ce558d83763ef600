import { type GraphWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { balancerMetric } from './alarms-balancer.ts';
import { frontMetric, firewallMetric } from './alarms-front.ts';
import { createOwnMetrics, createShare, createSum } from './alarms-metrics.ts';
import type { System } from './alarms-system.ts';
import { graph, rate } from './dashboard-widgets.ts';

/** What people who search see. */
export function searchWidgets({ settings, front, edge: alias, service }: System): GraphWidget[] {
  const edge = createOwnMetrics(settings.environment, 'edge');
  const { distributionId } = front;
  const inFront = (name: string, statistic: string, label: string) =>
    frontMetric(name, distributionId, statistic).with({ label });
  const hits = edge('cache_hit');
  const looked = createSum([hits, edge('cache_miss'), edge('cache_bypass')]);
  return [
    graph('Requests a second', [
      rate(inFront('Requests', Stats.SUM, 'CloudFront'), 'CloudFront, with pictures', 'front'),
      rate(edge('requests'), 'edge', 'edge'),
    ]),
    graph('Search at the edge', percentiles(edge('total_duration')), { unit: 'ms' }),
    graph(
      'Errors',
      [
        inFront('5xxErrorRate', Stats.AVERAGE, '5xx at CloudFront, %'),
        createShare(edge('server_errors'), edge('requests'), {
          least: 1,
          label: '5xx of the edge, %',
        }),
      ],
      {
        right: [
          alias.metricErrors({ statistic: Stats.SUM, label: 'edge ended' }),
          alias.metricThrottles({ statistic: Stats.SUM, label: 'edge throttled' }),
          balancerMetric('HTTPCode_ELB_5XX_Count', service.balancerFullName, Stats.SUM),
        ],
      },
    ),
    graph('Answered from a cache, %', [
      inFront('CacheHitRate', Stats.AVERAGE, 'CloudFront, with pictures'),
      createShare(hits, looked, { least: 1, label: 'edge' }),
    ]),
  ];
}

/** Where the time of a search goes, and what is turned away. */
export function stageWidgets({ settings, front, edge: alias }: System): GraphWidget[] {
  const edge = createOwnMetrics(settings.environment, 'edge');
  const service = createOwnMetrics(settings.environment, 'gpu-service');
  const p95 = (of: typeof edge, stage: string) =>
    of(`${stage}_duration`, { statistic: Stats.p(95), label: stage });
  const failures = ['invalid_field', 'rate_limited', 'overloaded', 'search_unavailable', 'timeout'];
  return [
    graph(
      'Stages at the edge, P95',
      ['cache', 'remote', 'rerank', 'explanation'].map((s) => p95(edge, s)),
      { unit: 'ms' },
    ),
    graph(
      'Stages of the service, P95',
      ['embedding', 'search', 'total'].map((s) => p95(service, s)),
      { unit: 'ms' },
    ),
    graph(
      'Failures by code',
      failures.map((code) => edge('failures', { code, label: code })),
    ),
    graph(
      'Instances of the edge',
      [alias.metric('ConcurrentExecutions', { statistic: Stats.MAXIMUM, label: 'at once' })],
      {
        right: [
          alias.metric('ProvisionedConcurrencySpilloverInvocations', {
            statistic: Stats.SUM,
            label: 'started cold, beyond the warm ones',
          }),
          firewallMetric('BlockedRequests', front.webAclMetricName).with({
            label: 'refused by the firewall',
          }),
        ],
      },
    ),
  ];
}

function percentiles(metric: ReturnType<ReturnType<typeof createOwnMetrics>>) {
  return [50, 95, 99].map((share) =>
    metric.with({ statistic: Stats.p(share), label: `P${share}` }),
  );
}
