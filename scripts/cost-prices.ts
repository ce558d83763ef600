import { prices as sizingPrices } from './sizing-prices.ts';

/** By the hour, on demand, Linux, USD: every machine that the settings may name. */
export const machines: Readonly<Record<string, number>> = {
  ...Object.fromEntries(sizingPrices.instances.map(({ name, hourly }) => [name, hourly])),
  't4g.medium': 0.0336,
  't4g.large': 0.0672,
  'm7g.large': 0.0816,
  'm7g.xlarge': 0.1632,
  'c7i.large': 0.08925,
  'c7i.xlarge': 0.1785,
  'c7i.2xlarge': 0.357,
  'g4dn.xlarge': 0.526,
  'g5.xlarge': 1.006,
  'g5.2xlarge': 1.212,
  'g6.xlarge': 0.8048,
  'g6.2xlarge': 0.9776,
  'g6.4xlarge': 1.3232,
  'g6e.xlarge': 1.861,
};

/**
 * Public list prices in USD, without any discount and without the free tier, as remembered and not looked
 * up: check them before you decide. Another region costs up to a third more.
 */
export const costPrices = {
  region: sizingPrices.region,
  date: '2025-01',
  hoursPerMonth: sizingPrices.hoursPerMonth,
  diskPerGbMonth: sizingPrices.diskPerGbMonth,
  network: {
    endpointPerHour: 0.01,
    natPerHour: 0.045,
    natPerGb: 0.045,
    balancerPerHour: 0.0225,
    balancerUnitPerHour: 0.008,
  },
  fargate: { vcpuPerHour: 0.04048, gbPerHour: 0.004445 },
  /** ElastiCache serverless, Valkey; at least 100 MB are paid for. */
  cache: { perGbHour: 0.084, perMillionUnits: 0.0023, leastGb: 0.1 },
  /** Arm. Provisioned: what waits, and what runs on it. */
  lambda: {
    perMillion: 0.2,
    perGbSecond: 0.0000133334,
    provisionedPerGbSecond: 0.0000033334,
    onProvisionedPerGbSecond: 0.0000077778,
  },
  /** Functions that are container images are of the other architecture. */
  lambdaX86: { perGbSecond: 0.0000166667 },
  front: {
    perMillionRequests: 1,
    perGb: 0.085,
    functionPerMillion: 0.1,
    keyReadsPerMillion: 0.03,
    /** The store's API, by which it is written. */
    keyCallsPerThousand: 1,
    /** Eight more metrics of a distribution. */
    moreMetrics: 2.4,
  },
  firewall: { acl: 5, rule: 1, perMillionRequests: 0.6 },
  s3: { perGbMonth: 0.023, putPerThousand: 0.005, getPerThousand: 0.0004 },
  sqsPerMillion: 0.4,
  secrets: { each: 0.4 },
  watch: {
    /** For each metric that an alarm looks at. */
    alarmMetric: 0.1,
    compositeAlarm: 0.5,
    metric: 0.3,
    dashboard: 3,
    logsPerGb: 0.5,
    logsPerGbMonth: 0.03,
    key: 1,
  },
  /** USD per million tokens, of the models that are the defaults of edge/config.ts. */
  llm: {
    explanation: { input: 0.15, output: 0.6 },
    rerank: { input: 0.075, output: 0.3 },
  },
} as const;
