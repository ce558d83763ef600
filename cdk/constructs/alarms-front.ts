import { Duration } from 'aws-cdk-lib';
import { type Alarm, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { createSum } from './alarms-metrics.ts';
import type { Alarms } from './alarms.ts';

/** What there is in front, by the names that its metrics have. All of them are in us-east-1 alone. */
export interface Front {
  readonly distributionId: string;
  /** CloudFront functions. */
  readonly functionNames: readonly string[];
  readonly webAclMetricName: string;
  /** Undefined where CloudFront gives the name. */
  readonly certificateArn: string | undefined;
}

const period = Duration.minutes(5);

/** CloudFront, firewall and certificate. An alarm must be where its metric is: in us-east-1. */
export function watchFront(alarms: Alarms, front: Front): Alarm[] {
  watchFirewall(alarms, front.webAclMetricName);
  if (front.certificateArn !== undefined) watchCertificate(alarms, front.certificateArn);
  const { distributionId, functionNames } = front;
  const failing = alarms.watch({
    what: 'front-failing',
    means: 'CloudFront answers more than 5 % of all requests with 5xx.',
    metric: new MathExpression({
      expression: 'IF(requests >= 50, share, 0)',
      usingMetrics: {
        requests: frontMetric('Requests', distributionId, Stats.SUM),
        share: frontMetric('5xxErrorRate', distributionId, Stats.AVERAGE),
      },
    }),
    threshold: 5,
    periods: 2,
    // Nobody asks for anything.
    missing: 'good',
  });
  if (functionNames.length === 0) return [failing];
  const broken = alarms.watch({
    what: 'front-functions',
    means: 'A CloudFront function throws: what it should have changed goes on unchanged, or fails.',
    metric: createSum(functionNames.map(functionErrors)),
    threshold: 0,
    periods: 1,
    missing: 'good',
  });
  return [failing, broken];
}

/** Of the distribution; pictures and page are in it. */
export function frontMetric(metricName: string, DistributionId: string, statistic: string): Metric {
  return new Metric({
    namespace: 'AWS/CloudFront',
    metricName,
    dimensionsMap: { DistributionId, Region: 'Global' },
    statistic,
    period,
    region: globalRegion,
  });
}

/** What the firewall lets pass (`AllowedRequests`) or does not (`BlockedRequests`), by all its rules. */
export function firewallMetric(metricName: string, WebACL: string): Metric {
  return new Metric({
    namespace: 'AWS/WAFV2',
    metricName,
    dimensionsMap: { WebACL, Rule: 'ALL' },
    statistic: Stats.SUM,
    period,
    region: globalRegion,
  });
}

export const globalRegion = 'us-east-1';

function functionErrors(FunctionName: string): Metric {
  return new Metric({
    namespace: 'AWS/CloudFront',
    metricName: 'FunctionExecutionErrors',
    dimensionsMap: { FunctionName, Region: 'Global' },
    statistic: Stats.SUM,
    period,
    region: globalRegion,
  });
}

function watchFirewall(alarms: Alarms, webAcl: string): void {
  alarms.watch({
    what: 'firewall-blocking',
    means:
      'The firewall refuses more than a fifth of the requests: an attack, or a rule that is wrong.',
    metric: new MathExpression({
      expression: 'IF(blocked >= 100, 100 * blocked / (blocked + FILL(allowed, 0)), 0)',
      usingMetrics: {
        blocked: firewallMetric('BlockedRequests', webAcl),
        allowed: firewallMetric('AllowedRequests', webAcl),
      },
    }),
    threshold: 20,
    periods: 2,
    // Nothing was refused.
    missing: 'good',
  });
}

/** AWS renews by itself from 60 days before the end; at 30 it has tried for a month. */
function watchCertificate(alarms: Alarms, CertificateArn: string): void {
  alarms.watch({
    what: 'certificate-expiring',
    means: 'The certificate ends in less than 30 days and was not renewed.',
    metric: new Metric({
      namespace: 'AWS/CertificateManager',
      metricName: 'DaysToExpiry',
      dimensionsMap: { CertificateArn },
      statistic: Stats.MINIMUM,
      period: Duration.days(1),
      region: globalRegion,
    }),
    threshold: 30,
    below: true,
    periods: 1,
    // It is told twice a day, and no more once the certificate has ended: it should ring on.
    missing: 'same',
  });
}
