import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Schedule, ScheduleExpression, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { EnvOf } from '../../core/env.ts';
import type { BenchmarkConfig } from '../../functions/benchmark/config.ts';
import { defaults, named, type ProcessEnvironment } from '../environment.ts';
import type { Settings } from '../settings.ts';
import { BundledFunction } from './bundled-function.ts';

export interface ScheduledBenchmarkProps {
  readonly settings: Settings;
  /** Where everybody searches: CloudFront's address, without a slash at its end. */
  readonly url: string;
  /** Where the reports go, as `benchmarks/<environment>/<time>.json`. */
  readonly reports: IBucket;
  /** The key in clear, with the scope search and no limit of its own. */
  readonly apiKey: ISecret;
}

/**
 * A whole core: with less, what is measured is how long this function waits for its turn. A run takes some
 * twenty seconds.
 */
const memoryMb = 1769;
const timeout = Duration.minutes(3);

/**
 * Measures the search from outside, as its users reach it: in no network of ours. What it writes as metrics
 * (service `benchmark`) is watched elsewhere.
 */
export class ScheduledBenchmark extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, props: ScheduledBenchmarkProps) {
    super(scope, id);
    const { settings, reports } = props;
    const benchmark = new BundledFunction(this, 'Benchmark', {
      settings,
      name: 'benchmark',
      bundle: 'benchmark',
      description: 'Asks the public search the fifteen fixed queries, and says how long it took',
      environment: environmentOf(props),
      memoryMb,
      timeout,
      byEvents: true,
    });
    this.function = benchmark.function;
    allowReports(benchmark, reports, settings.environment);
    const role = schedulerRole(this, benchmark);
    const schedule = new Schedule(this, 'Schedule', {
      description: `The benchmark of ${settings.environment}`,
      schedule: ScheduleExpression.rate(Duration.minutes(settings.benchmark.everyMinutes)),
      // At the same minute every time: an alarm counts the runs by the clock.
      timeWindow: TimeWindow.off(),
      target: new LambdaInvoke(benchmark.function, {
        role: role.withoutPolicyUpdates(),
        // The next run is as good as a second try.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(5),
        deadLetterQueue: benchmark.deadLetters,
      }),
    });
    schedule.node.addDependency(role);
  }
}

/** For this function as it is, without the versions that the target's own role would have besides. */
function schedulerRole(
  scope: Construct,
  { function: invoked, deadLetters }: BundledFunction,
): Role {
  const role = new Role(scope, 'ScheduleRole', {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  });
  const resources = [invoked.functionArn];
  role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources }));
  deadLetters?.grantSendMessages(role);
  return role;
}

function environmentOf(props: ScheduledBenchmarkProps): ProcessEnvironment {
  const { settings, url, reports, apiKey } = props;
  const text = {
    TARGET_URL: url,
    REPORTS_BUCKET: reports.bucketName,
    BENCHMARK_TARGET_P95_MS: String(settings.benchmark.targetP95Ms),
    ENVIRONMENT: settings.environment,
    ...defaults(
      'BENCHMARK_REQUESTS',
      'BENCHMARK_CONCURRENCY',
      'BENCHMARK_TOP_K',
      'BENCHMARK_TIMEOUT_MS',
      'LOG_LEVEL',
      'METRICS_NAMESPACE',
      'AWS_ENDPOINT_URL',
      'AWS_ENDPOINT_URL_S3',
    ),
  };
  const secrets = { API_KEY: apiKey };
  ({ ...text, ...named(secrets) }) satisfies EnvOf<typeof BenchmarkConfig>;
  return { text, secrets };
}

/** May add reports of its own environment, by names that are times, and neither read nor list any. */
function allowReports(benchmark: BundledFunction, reports: IBucket, environment: string): void {
  const names = '????-??-??T??:??:??.???Z.json';
  const resource = reports.arnForObjects(`benchmarks/${environment}/${names}`);
  const statement = new PolicyStatement({ actions: ['s3:PutObject'], resources: [resource] });
  benchmark.function.addToRolePolicy(statement);
  reports.encryptionKey?.grantEncrypt(benchmark.function);
}
