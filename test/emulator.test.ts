import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SearchResponse } from '../core/model.ts';
import { listDemoPictures } from '../scripts/demo-pictures.ts';
import { createKey } from './support/api-keys.ts';
import { copies, readStages, root, stageOf } from './support/dockerfile.ts';
import {
  type Answer,
  askDistribution,
  emulatorClient,
  emulatorUrl,
  putSecret,
  askQuery,
  runCdk,
} from './support/emulator.ts';
import { prepareAssembly } from './support/emulator-assembly.ts';
import { emulatorGap } from './support/emulator-gaps.ts';
import { runScript } from './support/processes.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { freePort, hasRedis, type RedisServer, startRedis } from './support/redis-server.ts';
import { type RunningService, startServiceAgain } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const url = emulatorUrl ?? '';
/** Of the stack and of the target group in it. */
const edgeName = 'picture-search-dev-edge';
const temporaryDirectory = useTemporaryDirectories();
const key = createKey({ scopes: ['search', 'write', 'admin'] });
const s3 = new S3Client(emulatorClient(url));

let redis: RedisServer;
let qdrant: RunningQdrant;
let service: RunningService;
let pictures = '';
let host = '';

describe.skipIf(emulatorUrl === undefined || !hasRedis)(
  'the dev environment in an emulator of AWS (AWS_EMULATOR_URL)',
  () => {
    beforeAll(deploy, 300_000);
    afterAll(async () => {
      await service?.stop();
      await redis?.stop();
      qdrant?.stop();
    });

    it('finds a picture soon after it came into the bucket, through the distribution', async () => {
      expect(await search('a slice of pizza')).toEqual([]);
      await put('food/pizza.png', await drawing('pizza'));
      await put('animals/tiger.png', await drawing('tiger'));
      await expect.poll(() => search('a slice of pizza')).toContain('food/pizza.png');
      await expect.poll(() => search('a tiger')).toContain('animals/tiger.png');
    });

    it('has a thumbnail beside it, and no event about that', async () => {
      await expect.poll(() => keysBelow('.picture-search/thumbnails/')).toHaveLength(2);
      expect(await keysBelow('.picture-search/rejects/')).toEqual([]);
    });

    it('says why what is no picture can not be found', async () => {
      await put('food/notes.png', Buffer.from('no picture at all'));
      await expect.poll(() => keysBelow('.picture-search/rejects/')).toHaveLength(1);
    });

    it('forgets a picture that is removed, though the answer was kept', async () => {
      expect(await search('a slice of pizza')).toContain('food/pizza.png');
      await s3.send(new DeleteObjectCommand({ Bucket: pictures, Key: 'food/pizza.png' }));
      await expect.poll(() => search('a slice of pizza')).not.toContain('food/pizza.png');
    });

    it('announces that the index has changed', async () => {
      const stored = await s3.send(
        new GetObjectCommand({ Bucket: pictures, Key: '.picture-search/generation' }),
      );
      expect(await stored.Body?.transformToString()).not.toBe('');
    });

    it('answers a plain POST, and nobody without a key', async () => {
      const body = JSON.stringify({ query: 'a tiger' });
      const headers = { 'content-type': 'application/json' };
      const refused = await ask('/search', { method: 'POST', headers, body });
      expect(refused.status).toBe(401);
      const answered = await ask('/search', {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${key.key}` },
        body,
      });
      expect(answered.status).toBe(200);
      expect(SearchResponse.parse(JSON.parse(answered.text)).total).toBeGreaterThan(0);
    });

    it('does so with the rights alone that the cache gives its user', async () => {
      const log = await redis.cli('ACL', 'LOG');
      expect(log).toBe('');
    });
  },
);

async function deploy(): Promise<void> {
  const assembly = join(await temporaryDirectory(), 'cdk.out');
  await runCdk(undefined, 'synth', '--quiet', '-c', 'env=dev', '-o', assembly);
  const redisPort = await freePort();
  const servicePort = await freePort();
  qdrant = await startQdrant();
  const left = await prepareAssembly(assembly, {
    gapOf: emulatorGap,
    environment: {
      QDRANT_HOST: qdrant.host,
      QDRANT_GRPC_PORT: String(qdrant.port),
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redisPort),
      REDIS_TLS: 'false',
      REDIS_CLUSTER: 'false',
      SERVICE_URL: `http://127.0.0.1:${servicePort}`,
    },
    imageFunction: await indexImages(),
  });
  console.log('Left out:', [...left].map(([gap, count]) => `${gap} (${count})`).join(', '));
  await putSecret(url, 'picture-search/dev/api-keys', JSON.stringify([withoutKey()]));
  await putSecret(url, 'picture-search/dev/benchmark-key', key.key);
  await runCdk(url, 'bootstrap', '--app', assembly, 'aws://000000000000/us-east-1');
  const deployment = ['deploy', '--app', assembly, '--all', '--require-approval', 'never'];
  const said = await runCdk(url, ...deployment, '--concurrency', '1');
  host = /front\.Url = https:\/\/(\S+)/.exec(said)?.[1] ?? '';
  pictures = (await bucketNames()).find((name) => name.includes('pictures')) ?? '';
  await registerEdge();
  redis = await startCache(redisPort);
  service = await startServiceAgain(await temporaryDirectory(), {
    API_PORT: String(servicePort),
    VECTOR_STORE: 'qdrant',
    QDRANT_HOST: qdrant.host,
    QDRANT_GRPC_PORT: String(qdrant.port),
    SERVICE_SECRET: await secret('service'),
    PICTURES_URL: `https://${host}/pictures/`,
  });
}

/** Templates may name the targets of a group; the emulator's do not register them. */
async function registerEdge(): Promise<void> {
  const elb = (parameters: Record<string, string>) =>
    askQuery(url, 'elasticloadbalancing', { Version: '2015-12-01', ...parameters });
  const groups = await elb({ Action: 'DescribeTargetGroups', 'Names.member.1': edgeName });
  const [, group = ''] = /<TargetGroupArn>([^<]+)/.exec(groups) ?? [];
  const stack = { Action: 'DescribeStackResources', Version: '2010-05-15', StackName: edgeName };
  const resources = await askQuery(url, 'cloudformation', stack);
  const [alias = ''] = /arn:aws:lambda:[^<]+:live/.exec(resources) ?? [];
  await elb({ Action: 'RegisterTargets', TargetGroupArn: group, 'Targets.member.1.Id': alias });
}

/** A Redis with the user that the template asks for, and no other. */
async function startCache(port: number): Promise<RedisServer> {
  const started = await startRedis({ port });
  const rights = '-@all +hello +auth +client +info +ping +cluster +readonly +get +mget +set';
  const more = '+pexpire +unlink +type +exists +eval +evalsha +time';
  const words = `on ~* >${await secret('cache-password')} ${rights} ${more}`.split(' ');
  await started.cli('ACL', 'SETUSER', 'picture-search-dev', ...words);
  return started;
}

async function secret(name: string): Promise<string> {
  const client = new SecretsManagerClient(emulatorClient(url));
  const SecretId = `picture-search/dev/${name}`;
  return (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '';
}

function withoutKey() {
  const { key: _, ...entry } = key;
  return entry;
}

/** What the image of the function has. */
async function indexImages(): Promise<string> {
  const directory = await temporaryDirectory();
  const bundled = await runScript('bundle', ['index-images', '--out', directory]);
  if (bundled.code !== 0) throw new Error(bundled.stderr);
  const image = stageOf(readStages('functions/index-images/Dockerfile'), 'function');
  for (const { source, target } of copies(image).filter(({ from }) => from === 'packages')) {
    const to = join(directory, target.replace('/var/task/', ''));
    await mkdir(join(to, '..'), { recursive: true });
    await cp(join(root, source.replace('/app/', '')), to, {
      recursive: true,
      filter: (path) => !/napi-v\d+\/(?!linux$|linux\/x64)/.test(path),
    });
  }
  await cp(join(root, 'models/demo'), join(directory, 'models/demo'), { recursive: true });
  return directory;
}

async function bucketNames(): Promise<string[]> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  return Buckets.flatMap(({ Name }) => Name ?? []);
}

async function put(Key: string, Body: Uint8Array): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: pictures, Key, Body, ContentType: 'image/png' }));
}

/** One of the drawings that the built-in model knows. */
async function drawing(name: string): Promise<Uint8Array> {
  const found = (await listDemoPictures()).find(({ key: path }) => path.endsWith(`/${name}.png`));
  return sharp(Buffer.from(found?.svg ?? ''))
    .png()
    .toBuffer();
}

async function keysBelow(Prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: pictures, Prefix }));
  return Contents.flatMap((object) => object.Key ?? []);
}

function ask(path: string, request: Parameters<typeof askDistribution>[3]): Promise<Answer> {
  return askDistribution(url, host, path, request);
}

async function search(query: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${key.key}` };
  const { status, text } = await ask(`/search?q=${encodeURIComponent(query)}`, { headers });
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return SearchResponse.parse(JSON.parse(text)).results.map(({ metadata }) => metadata.file_path);
}
