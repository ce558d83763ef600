import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { reportKey } from '../../functions/benchmark/report.ts';
import { createTestApp } from '../../test/support/cdk-app.ts';
import { environments } from '../settings.ts';
import { ScheduledBenchmark } from './scheduled-benchmark.ts';

const app = createTestApp();
const url = 'https://pictures.example.com';

const benchmarks = Object.entries(environments).map(([name, settings]) => {
  const env = { account: '123456789012', region: settings.region };
  const reports = new Bucket(new Stack(app, `data-${name}`, { env }), 'Reports');
  const stack = new Stack(app, `watch-${name}`, { env });
  const apiKey = Secret.fromSecretNameV2(stack, 'Key', `picture-search/${name}/benchmark-key`);
  const props = { settings, url, reports, apiKey };
  const benchmark = new ScheduledBenchmark(stack, 'Benchmark', props);
  return { name, settings, stack, benchmark };
});

const Statement = z.looseObject({ Action: z.unknown(), Resource: z.unknown() });
const Policy = z.object({
  Properties: z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) }),
});

describe.each(benchmarks)('the scheduled benchmark of $name', ({ name, settings, stack }) => {
  const template = Template.fromStack(stack);
  /** What the one resource of this type is told. */
  const only = (type: string): unknown => {
    const [resource, ...others] = Object.values(template.findResources(type));
    expect(others).toEqual([]);
    return resource?.['Properties'];
  };
  const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (policy) => Policy.parse(policy).Properties.PolicyDocument.Statement,
  );
  const about = (action: string) =>
    statements.filter(({ Action }) => JSON.stringify(Action).includes(action));

  it('runs as often as the settings say, at the same minute every time, and is not tried twice', () => {
    const { everyMinutes } = settings.benchmark;
    const hours = everyMinutes / 60;
    const rate = Number.isInteger(hours) ? `${hours} hour${hours > 1 ? 's' : ''}` : '15 minutes';
    expect(only('AWS::Scheduler::Schedule')).toMatchObject({
      ScheduleExpression: `rate(${rate})`,
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: {
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 300 },
        DeadLetterConfig: { Arn: expect.anything() },
      },
    });
  });

  it('has come to its end before the next run begins', () => {
    const { Timeout } = z.object({ Timeout: z.number() }).parse(only('AWS::Lambda::Function'));
    expect(Timeout).toBeLessThan(settings.benchmark.everyMinutes * 60);
  });

  it('goes the public way, in no network of ours', () => {
    const told = only('AWS::Lambda::Function');
    expect(told).not.toHaveProperty('VpcConfig');
    expect(told).toMatchObject({
      Handler: 'lambda.handler',
      Environment: {
        Variables: { TARGET_URL: url, ENVIRONMENT: name, BENCHMARK_TARGET_P95_MS: '50' },
      },
    });
  });

  it('is told where its key is, and not the key', () => {
    const { Environment } = z
      .object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }) })
      .parse(only('AWS::Lambda::Function'));
    const { SECRETS, API_KEY } = Environment.Variables;
    expect(API_KEY).toBeUndefined();
    expect(JSON.stringify(SECRETS)).toContain(`picture-search/${name}/benchmark-key`);
    expect(JSON.stringify(about('secretsmanager:'))).toContain(`/${name}/benchmark-key`);
  });

  it('may add a report of its own environment to the bucket, and no more', () => {
    const ofS3 = about('s3:');
    expect(ofS3).toMatchObject([{ Action: 's3:PutObject', Effect: 'Allow' }]);
    const [, pattern = ''] = /(benchmarks\/[^"]+)/.exec(JSON.stringify(ofS3)) ?? [];
    const fits = new RegExp(`^${pattern.replaceAll('?', '.')}$`);
    const startedAt = new Date(0).toISOString();
    expect(reportKey({ environment: name, started_at: startedAt })).toMatch(fits);
    expect(reportKey({ environment: 'another', started_at: startedAt })).not.toMatch(fits);
  });

  it('is invoked by its schedule alone, which may do nothing else', () => {
    expect(about('lambda:')).toMatchObject([
      { Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': expect.anything() } },
    ]);
  });

  it('passes the checks of cdk-nag', () => {
    expect(new AwsSolutionsChecks(app).validateScope(stack)).toMatchObject({ violations: [] });
  });
});
