import { readFileSync } from 'node:fs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { parseEnv } from '../../core/env.ts';
import { IndexImagesConfig } from '../../functions/index-images/config.ts';
import { PublishGenerationConfig } from '../../functions/publish-generation/config.ts';
import { ReconcileConfig } from '../../functions/reconcile/config.ts';
import { SnapshotConfig } from '../../functions/snapshot/config.ts';
import { createTestStacks } from '../../test/support/cdk-app.ts';
import {
  functionOf,
  nameOf,
  processOf,
  propertiesOf,
  resourcesOf,
  rightsOf,
} from '../../test/support/cdk-functions.ts';
import { expectOk } from '../../test/support/expect-ok.ts';
import { environments, type Settings } from '../settings.ts';

const { dev, prod } = environments as { readonly dev: Settings; readonly prod: Settings };
const outside: Settings = {
  ...prod,
  environment: 'elsewhere',
  qdrant: { kind: 'outside', host: 'qdrant.example.com', port: 6333, grpcPort: 6334 },
};

const configs = {
  'index-images': IndexImagesConfig,
  reconcile: ReconcileConfig,
  snapshot: SnapshotConfig,
  'publish-generation': PublishGenerationConfig,
};

describe.each([dev, prod])('the pipeline of $environment', (settings) => {
  const { app, stacks, templates } = createTestStacks(settings);
  const { pipeline } = templates;
  const functions = resourcesOf(pipeline, 'AWS::Lambda::Function');

  it('has four functions, and each starts with what it is told', () => {
    expect(functions.map((each) => nameOf(pipeline, each)).toSorted()).toEqual(
      Object.keys(configs).toSorted(),
    );
    for (const [name, config] of Object.entries(configs)) {
      const { environment, secrets } = processOf(functionOf(pipeline, name));
      const values = Object.keys(secrets).map((each) => [
        each,
        'a-secret-of-32-characters-or-more',
      ]);
      expectOk(parseEnv<typeof config>(config, { ...environment, ...Object.fromEntries(values) }));
    }
  });

  it('gives no function a secret as text', () => {
    const secret = /SECRET$|PASSWORD|API_KEY|TOKEN/;
    for (const each of functions) {
      const { environment } = processOf(each);
      expect(Object.keys(environment).filter((name) => secret.test(name))).toEqual([]);
    }
    const { secrets, environment } = processOf(functionOf(pipeline, 'reconcile'));
    expect(Object.keys(secrets)).toEqual(['QDRANT_API_KEY', 'REDIS_PASSWORD']);
    expect(environment['SECRETS_VERSION']).toBe(String(settings.secretsVersion));
  });

  it('lets every function do what it needs and nothing else', () => {
    expect(rightsOf(pipeline, functionOf(pipeline, 'index-images'))).toEqual([
      's3:DeleteObject Pictures/.picture-search/*',
      's3:GetObject Pictures/*',
      's3:ListBucket Pictures',
      's3:PutObject Pictures/.picture-search/*',
      'sqs:DeleteMessage EventsQueue',
      'sqs:GetQueueAttributes EventsQueue',
      'sqs:ReceiveMessage EventsQueue',
      'sqs:SendMessage EventsDeadLetters',
    ]);
    expect(rightsOf(pipeline, functionOf(pipeline, 'reconcile'))).toEqual([
      's3:DeleteObject Pictures/.picture-search/rejects/*',
      's3:DeleteObject Pictures/.picture-search/thumbnails/*',
      's3:GetObject Pictures/*',
      's3:ListBucket Pictures',
      's3:PutObject Pictures/.picture-search/generation',
      's3:PutObject Pictures/.picture-search/reconcile/*',
      'sqs:GetQueueAttributes ReconcileDeadLetters',
      'sqs:GetQueueUrl ReconcileDeadLetters',
      'sqs:SendMessage EventsQueue',
      'sqs:SendMessage ReconcileDeadLetters',
    ]);
    expect(rightsOf(pipeline, functionOf(pipeline, 'snapshot'))).toEqual([
      's3:AbortMultipartUpload Snapshots/nightly/*',
      's3:DeleteObject Snapshots/nightly/*',
      's3:GetObject Snapshots/nightly/*',
      's3:ListBucket Snapshots',
      's3:PutObject Snapshots/nightly/*',
      'sqs:GetQueueAttributes SnapshotDeadLetters',
      'sqs:GetQueueUrl SnapshotDeadLetters',
      'sqs:SendMessage SnapshotDeadLetters',
    ]);
    expect(
      rightsOf(pipeline, functionOf(pipeline, 'publish-generation')).filter(
        (right) => !right.startsWith('sqs:'),
      ),
    ).toEqual([
      'cloudfront-keyvaluestore:DescribeKeyValueStore GenerationsStore',
      'cloudfront-keyvaluestore:PutKey GenerationsStore',
    ]);
  });

  it.each(['index-images', 'reconcile'])('lets %s do what docs/operations.md says', (name) => {
    const actions = rightsOf(pipeline, functionOf(pipeline, name))
      .filter((right) => !right.includes('ReconcileDeadLetters'))
      .map((right) => right.split(' ')[0] ?? '');
    expect([...new Set(actions)].toSorted()).toEqual(documentedActions(name));
  });

  it('lets no function with the rights of its network use them itself', () => {
    for (const policy of resourcesOf(pipeline, 'AWS::IAM::Policy')) {
      const text = JSON.stringify(policy);
      if (!text.includes('ec2:CreateNetworkInterface')) continue;
      expect(text).toContain('{"Null":{"lambda:SourceFunctionArn":"false"}},"Effect":"Deny"');
    }
  });

  it('reads the queue as the function wants it', () => {
    const [source] = resourcesOf(pipeline, 'AWS::Lambda::EventSourceMapping');
    expect(propertiesOf(source)).toMatchObject({
      BatchSize: settings.indexing.batchSize,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: settings.indexing.maxConcurrency },
    });
    const { Timeout } = propertiesOf(functionOf(pipeline, 'index-images'));
    const queues = resourcesOf(templates.data, 'AWS::SQS::Queue').map(propertiesOf);
    const read = queues.find((queue) => 'RedrivePolicy' in queue);
    expect(read?.['VisibilityTimeout']).toBe(6 * Number(Timeout));
    // Above the function's own MAX_RECEIVES, which has a reason to write down.
    expect(read?.['RedrivePolicy']).toMatchObject({ maxReceiveCount: 5 });
  });

  it('runs what is nightly once a night, and never twice at the same time', () => {
    const schedules = resourcesOf(pipeline, 'AWS::Scheduler::Schedule').map(propertiesOf);
    expect(schedules.map((each) => each['ScheduleExpression']).toSorted()).toEqual([
      'cron(30 2 * * ? *)',
      'cron(30 3 * * ? *)',
    ]);
    for (const schedule of schedules) {
      expect(schedule['Target']).toMatchObject({ DeadLetterConfig: { Arn: expect.anything() } });
    }
    for (const name of ['reconcile', 'snapshot']) {
      expect(propertiesOf(functionOf(pipeline, name))).toMatchObject({
        ReservedConcurrentExecutions: 1,
        Timeout: 900,
      });
    }
  });

  it('keeps what fails for good of every function that nobody waits for', () => {
    const invoked = resourcesOf(pipeline, 'AWS::Lambda::EventInvokeConfig').map(propertiesOf);
    expect(invoked).toHaveLength(3);
    for (const each of invoked) {
      expect(each['DestinationConfig']).toMatchObject({ OnFailure: expect.anything() });
    }
    for (const queue of resourcesOf(pipeline, 'AWS::SQS::Queue').map(propertiesOf)) {
      expect(queue).toMatchObject({
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: 1_209_600,
      });
    }
    const [rule] = resourcesOf(pipeline, 'AWS::Events::Rule').map(propertiesOf);
    expect(rule?.['Targets']).toMatchObject([{ DeadLetterConfig: { Arn: expect.anything() } }]);
  });

  it('publishes generations from outside of the network, and does all else inside', () => {
    const outsiders = functions.filter((each) => !('VpcConfig' in propertiesOf(each)));
    expect(outsiders.map((each) => nameOf(pipeline, each))).toEqual(['publish-generation']);
  });

  it('has no finding of cdk-nag that is not explained', () => {
    expect(new AwsSolutionsChecks(app).validateScope(stacks.pipeline).violations).toEqual([]);
  });
});

describe('a pipeline whose Qdrant is somebody else’s', () => {
  it('copies no index, and asks with TLS', () => {
    const { stacks, templates } = createTestStacks(outside);
    expect(stacks.pipeline.snapshot).toBeUndefined();
    const { environment } = processOf(functionOf(templates.pipeline, 'reconcile'));
    expect(environment).toMatchObject({ QDRANT_HOST: 'qdrant.example.com', QDRANT_TLS: 'true' });
  });
});

const words: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /\breceive, delete and attributes of the queue/,
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  ],
  [/\bsend to the (?:queue|dead-letter queue)/, ['sqs:SendMessage']],
];

/** Of the row of the table of roles, actions and words alike. */
function documentedActions(name: string): string[] {
  const file = new URL('../../docs/operations.md', import.meta.url);
  const text = readFileSync(file, 'utf8');
  const [, row = ''] = new RegExp(`^\\| ${name} \\| (.*) \\|$`, 'm').exec(text) ?? [];
  const named = [...row.matchAll(/`((?:s3|sqs):\w+)`/g)].map(([, action = '']) => action);
  const said = words.flatMap(([pattern, actions]) => (pattern.test(row) ? actions : []));
  return [...new Set([...named, ...said])].toSorted();
}
