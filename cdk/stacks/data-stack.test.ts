import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import {
  announcementKey,
  manifestsPrefix,
  ownPrefix,
  reconcilePrefix,
  rejectsPrefix,
  thumbnailsPrefix,
} from '../../core/own-keys.ts';
import { createDataStacks, settingsOf } from '../../test/support/data-stacks.ts';

const dev = createDataStacks(settingsOf('dev'));
const prod = createDataStacks(settingsOf('prod'));
const outside = createDataStacks(
  settingsOf('prod', {
    qdrant: { kind: 'outside', host: 'q.example.com', port: 6333, grpcPort: 6334 },
    llm: { explanations: true, reranking: false, dailyQuota: 1 },
    domain: { name: 'pictures.example.com', hostedZoneId: 'Z1', hostedZoneName: 'example.com' },
  }),
);
const every = [
  ['dev', dev],
  ['prod', prod],
  ['prod with a Qdrant outside, a model and a domain', outside],
] as const;

const lasting = ['AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::EC2::Volume', 'AWS::Logs::LogGroup'];

describe.each(every)('the data of %s', (_, made) => {
  const { app, data, resources, all, only, nameOf, settings } = made;

  it('has no finding of cdk-nag that nobody has explained', () => {
    expect(new AwsSolutionsChecks(app).validateScope(data).violations).toEqual([]);
  });

  it('has no bucket that is public, unencrypted, or read without TLS', () => {
    const buckets = all('AWS::S3::Bucket');
    expect(buckets).toHaveLength(4);
    for (const [name, { Properties }] of buckets) {
      expect(Object.values(Properties.PublicAccessBlockConfiguration)).toEqual(Array(4).fill(true));
      expect(Properties.BucketEncryption).toBeDefined();
      const policy = all('AWS::S3::BucketPolicy').find(
        ([, one]) => one.Properties.Bucket.Ref === name,
      );
      expect(policy?.[1].Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({
          Effect: 'Deny',
          Action: 's3:*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      );
    }
  });

  it('keeps no uploads that never ended, and writes down who asked for what', () => {
    for (const [name, { Properties }] of all('AWS::S3::Bucket')) {
      expect(Properties.LifecycleConfiguration.Rules).toContainEqual(
        expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } }),
      );
      const isLog = name.startsWith('AccessLogs');
      expect(Properties.LoggingConfiguration === undefined).toBe(isLog);
    }
  });

  it('has a dead-letter queue for every queue, which keeps messages for longer', () => {
    const queues = all('AWS::SQS::Queue');
    const dead = queues.filter(([, { Properties }]) => Properties.RedrivePolicy === undefined);
    const living = queues.filter((one) => !dead.includes(one));
    expect([living.length, dead.length]).toEqual([1, 1]);
    for (const [, { Properties }] of living) {
      expect(Properties.RedrivePolicy).toEqual({
        deadLetterTargetArn: { 'Fn::GetAtt': [dead[0]?.[0], 'Arn'] },
        maxReceiveCount: 5,
      });
      expect(dead[0]?.[1].Properties.MessageRetentionPeriod).toBe(14 * 86_400);
      expect(Properties.MessageRetentionPeriod).toBeLessThan(14 * 86_400);
    }
    for (const [name, { Properties }] of queues) {
      expect(Properties.SqsManagedSseEnabled).toBe(true);
      const policy = all('AWS::SQS::QueuePolicy').find(
        ([, one]) => one.Properties.Queues[0].Ref === name,
      );
      const statements = policy?.[1].Properties.PolicyDocument.Statement;
      expect(statements).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Action: 'sqs:*' }),
      );
      const allowed = statements.filter(({ Effect }: { Effect: string }) => Effect === 'Allow');
      const rule = nameOf('AWS::Events::Rule');
      const arn = { 'Fn::GetAtt': [rule, 'Arn'] };
      expect(allowed).toEqual([
        expect.objectContaining({
          Principal: { Service: 'events.amazonaws.com' },
          Condition: { ArnEquals: { 'aws:SourceArn': arn } },
        }),
      ]);
    }
  });

  it("hides a message for six times the function's time", () => {
    const times = all('AWS::SQS::Queue').map(([, { Properties }]) => Properties.VisibilityTimeout);
    expect(times).toContain(6 * settings.indexing.timeoutSeconds);
  });

  it('tells the queue of pictures and of nothing that the index made of them', () => {
    expect(only('AWS::Events::Rule')).toMatchObject({
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created', 'Object Deleted'],
        detail: { object: { key: [{ 'anything-but': { prefix: ownPrefix } }] } },
      },
      State: 'ENABLED',
      Targets: [{ DeadLetterConfig: expect.anything() }],
    });
    const pictures = resources[Object.keys(resources).find(isPictures) ?? '']?.Properties;
    expect(pictures.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
  });

  it('shows CloudFront of this account pictures and thumbnails, and nothing else', () => {
    const policy = Object.entries(resources).find(([name]) => name.startsWith('PicturesPolicy'));
    const statements: Statement[] = policy?.[1].Properties.PolicyDocument.Statement;
    const ofCloudFront = statements.filter(
      ({ Principal }) => Principal.Service === 'cloudfront.amazonaws.com',
    );
    for (const one of ofCloudFront.filter(({ Effect }) => Effect === 'Allow')) {
      // The one condition of which CloudFront's documentation says that it is there.
      const arn = ['arn:aws:cloudfront::', { Ref: 'AWS::AccountId' }, ':distribution/*'];
      expect(one.Condition).toEqual({ ArnLike: { 'aws:SourceArn': { 'Fn::Join': ['', arn] } } });
    }
    const reads = (key: string) => {
      const matching = ofCloudFront.filter(
        ({ Action, Resource }) =>
          Action === 's3:GetObject' && [Resource].flat().some((arn) => covers(arn, key)),
      );
      return matching.length > 0 && matching.every(({ Effect }) => Effect === 'Allow');
    };
    for (const shown of ['a.jpg', 'animals/a b.png', `${thumbnailsPrefix}12.webp`]) {
      expect([shown, reads(shown)]).toEqual([shown, true]);
    }
    for (const prefix of [rejectsPrefix, manifestsPrefix, reconcilePrefix]) {
      expect([prefix, reads(`${prefix}12.json`)]).toEqual([prefix, false]);
    }
    expect(reads(announcementKey)).toBe(false);
  });

  it('opens no security group to the world: who asks is let in by a later stack', () => {
    const text = JSON.stringify(resources);
    expect(text).not.toContain('AWS::EC2::SecurityGroupIngress');
    const groups = all('AWS::EC2::SecurityGroup');
    expect(groups.length).toBeGreaterThan(0);
    for (const [, { Properties }] of groups) {
      expect(Properties.SecurityGroupIngress).toBeUndefined();
    }
  });

  it('has no secret as text', () => {
    for (const [, { Properties }] of all('AWS::SecretsManager::Secret')) {
      expect(Properties.SecretString).toBeUndefined();
      expect(Properties.GenerateSecretString.PasswordLength).toBe(64);
      expect(Properties.Name).toMatch(new RegExp(`^picture-search/${settings.environment}/`));
    }
    const [user] = all('AWS::ElastiCache::User');
    expect(JSON.stringify(user?.[1].Properties.AuthenticationMode)).toMatch(
      /\{\{resolve:secretsmanager:/,
    );
    const containers = all('AWS::ECS::TaskDefinition').flatMap(
      ([, { Properties }]) => Properties.ContainerDefinitions,
    );
    for (const { Environment } of containers) {
      expect(JSON.stringify(Environment)).not.toMatch(
        /resolve|secret(?!s_version)|password|api_?key/i,
      );
    }
  });

  it('caches for a user with a password alone, as much as the settings pay for', () => {
    const cache = only('AWS::ElastiCache::ServerlessCache');
    expect(cache).toMatchObject({
      Engine: 'valkey',
      SnapshotRetentionLimit: 0,
      UserGroupId: { Ref: expect.stringMatching(/^CacheUsers/) },
      CacheUsageLimits: {
        DataStorage: { Maximum: settings.cache.maxGb, Unit: 'GB' },
        ECPUPerSecond: { Maximum: settings.cache.maxRequestUnitsPerSecond },
      },
    });
    expect(cache.SubnetIds).toHaveLength(settings.zones.length);
  });
});

describe('what lasts', () => {
  it('is everything in prod: nothing there is destroyed with the stack', () => {
    const kept = Object.values(prod.resources).filter(({ Type }) => lasting.includes(Type));
    expect(new Set(kept.map(({ Type }) => Type))).toEqual(new Set(lasting));
    for (const { Type, DeletionPolicy, UpdateReplacePolicy } of kept) {
      expect([Type, DeletionPolicy, UpdateReplacePolicy]).toEqual([Type, 'Retain', 'Retain']);
    }
    expect(prod.all('Custom::S3AutoDeleteObjects')).toEqual([]);
  });

  it('is nothing in dev, whose buckets are emptied first', () => {
    const gone = Object.values(dev.resources).filter(({ Type }) => lasting.includes(Type));
    for (const { Type, DeletionPolicy } of gone) {
      expect([Type, DeletionPolicy]).toEqual([Type, 'Delete']);
    }
    expect(dev.all('Custom::S3AutoDeleteObjects')).toHaveLength(4);
  });

  it('can be brought back for 30 days in prod, when somebody deletes pictures', () => {
    const name = Object.keys(prod.resources).find(isPictures) ?? '';
    const { VersioningConfiguration, LifecycleConfiguration } =
      prod.resources[name]?.Properties ?? {};
    expect(VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(LifecycleConfiguration.Rules).toContainEqual(
      expect.objectContaining({ NoncurrentVersionExpiration: { NoncurrentDays: 30 } }),
    );
  });

  it('takes forms of the page alone, where the name of the page is known', () => {
    const originsOf = ({ resources }: typeof dev) => {
      const name = Object.keys(resources).find(isPictures) ?? '';
      return resources[name]?.Properties.CorsConfiguration.CorsRules;
    };
    expect(originsOf(dev)).toMatchObject([
      { AllowedMethods: ['POST'], AllowedOrigins: ['https://*.cloudfront.net'] },
    ]);
    expect(originsOf(outside)).toMatchObject([
      { AllowedMethods: ['POST'], AllowedOrigins: ['https://pictures.example.com'] },
    ]);
  });

  it('knows the key of a model only where there is one', () => {
    expect(dev.data.secrets.openai).toBeUndefined();
    expect(outside.data.secrets.openai?.secretName).toBe('picture-search/prod/openai-api-key');
    expect(outside.data.secrets.apiKeys.secretName).toBe('picture-search/prod/api-keys');
  });
});

interface Statement {
  readonly Effect: string;
  readonly Principal: { readonly Service?: string };
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

function isPictures(name: string): boolean {
  return /^Pictures[0-9A-F]{8}$/.test(name);
}

/** Whether the ARN of a statement, which is joined of the bucket's and a pattern, covers a key. */
function covers(arn: unknown, key: string): boolean {
  const [, pattern = ''] = /"(\/[^"]*)"\]\]\}$/.exec(JSON.stringify(arn)) ?? [];
  const source = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return pattern !== '' && new RegExp(`^${source}$`).test(`/${key}`);
}
