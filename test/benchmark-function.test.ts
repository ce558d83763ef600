import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BenchmarkReport } from '../functions/benchmark/report.ts';
import { createKey } from './support/api-keys.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { awsEnvironment, createTestBucket, type TestBucket } from './support/bucket.ts';
import { type LambdaProcess, startLambda } from './support/lambda-process.ts';
import { runScript } from './support/processes.ts';
import { hasRedis, type RedisServer, startRedis } from './support/redis-server.ts';
import { type RunningService, startEdge, startService } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const secret = 'known-to-the-edge-and-the-service';
const owner = createKey({ id: 'benchmark', rate: { perSecond: 0, burst: 1 } });

/** An edge without Redis has no cache, and says nothing of one. */
const [miss, hit] = hasRedis ? ['miss', 'hit'] : ['none', 'none'];

/** What EventBridge Scheduler sends to a function where the schedule gives no input. */
const event = {
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.scheduler',
  account: '123456789012',
  time: '2030-01-01T03:00:00Z',
  region: 'eu-central-1',
  resources: ['arn:aws:scheduler:eu-central-1:123456789012:schedule/default/benchmark'],
  detail: '{}',
};

let directory: string;
let service: RunningService;
let edge: RunningService;
let aws: AwsServer;
let reports: TestBucket;
let manager: Server;
let redis: RedisServer | undefined;
const secretsAsked: unknown[] = [];

beforeAll(async () => {
  // No folder above it has a node_modules.
  directory = await temporaryDirectory();
  const { code, stderr } = await runScript('bundle', ['benchmark', '--out', directory]);
  if (code !== 0) throw new Error(stderr);
  service = await startService(await temporaryDirectory(), { SERVICE_SECRET: secret });
  const { key: _, ...entry } = owner;
  redis = hasRedis ? await startRedis() : undefined;
  edge = await startEdge({
    SERVICE_URL: service.url,
    SERVICE_SECRET: secret,
    API_KEYS: JSON.stringify([entry]),
    API_KEYS_REQUIRED: 'true',
    ...(redis && {
      REDIS_ENABLED: 'true',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
    }),
  });
  aws = await startAws();
  reports = await createTestBucket(aws);
  manager = await startSecretsManager(owner.key);
});
afterAll(async () => {
  manager?.close();
  await edge?.stop();
  await service?.stop();
  await redis?.stop();
});

async function startSecretsManager(value: string): Promise<Server> {
  const server = createServer(async (request, response) => {
    secretsAsked.push(await json(request));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ Name: 'benchmark-key', SecretString: value }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
}

type BenchmarkProcess = LambdaProcess<typeof event, BenchmarkReport>;

function start(env: Readonly<Record<string, string>> = {}): Promise<BenchmarkProcess> {
  const { port } = manager.address() as AddressInfo;
  return startLambda(join(directory, 'lambda.mjs'), {
    cwd: directory,
    env: {
      ...awsEnvironment(aws),
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${port}`,
      SECRETS: JSON.stringify({ API_KEY: 'picture-search/test/benchmark-key' }),
      TARGET_URL: edge.url,
      REPORTS_BUCKET: reports.name,
      BENCHMARK_REQUESTS: '30',
      BENCHMARK_TARGET_P95_MS: '60000',
      ENVIRONMENT: 'test',
      ...env,
    },
  });
}

async function withFunction<T>(
  env: Readonly<Record<string, string>>,
  work: (lambda: BenchmarkProcess) => Promise<T>,
): Promise<T> {
  const lambda = await start(env);
  try {
    return await work(lambda);
  } finally {
    await lambda.stop();
  }
}

function metricsOf(lambda: BenchmarkProcess): unknown[] {
  const lines = lambda.output().trim().split('\n');
  return lines.map((line) => JSON.parse(line) as object).filter((line) => '_aws' in line);
}

describe('the bundle of the benchmark function', () => {
  it('has the measuring that npm run benchmark has, and no part of the search', async () => {
    const maps = (await readdir(directory)).filter((name) => name.endsWith('.map'));
    const texts = await Promise.all(maps.map((name) => readFile(join(directory, name), 'utf8')));
    const sources = texts.flatMap(
      (text) => (JSON.parse(text) as { readonly sources: string[] }).sources,
    );
    expect(sources.some((source) => source.includes('functions/benchmark/measure.ts'))).toBe(true);
    const foreign = /node_modules\/(onnxruntime|sharp|hono|ioredis)|\/(edge|gpu-service|scripts)\//;
    expect(sources.filter((source) => foreign.test(source))).toEqual([]);
  });
});

describe('the bundled handler, without this project', () => {
  it('measures edge and service, and keeps its report', async () => {
    await withFunction({}, async (lambda) => {
      const report = await lambda.invoke(event);
      const [key = ''] = await reports.keys('benchmarks/test/');
      expect(key).toBe(`benchmarks/test/${report.started_at}.json`);
      const kept = BenchmarkReport.parse(JSON.parse(await reports.read(key)));
      expect(kept).toEqual(report);
      expect(kept).toMatchObject({ finished: true, target: { missed: false, in_time: 1 } });
      const { cold, warm, warm_get: byGet } = kept.phases;
      // New to everybody: every text was encoded, and no cache had the answer.
      expect(cold).toMatchObject({ answers: 30, x_cache: { [miss]: 30 }, failures: {}, cdn: {} });
      expect(cold?.stages['encode']?.min).toBeGreaterThan(0);
      expect(warm).toMatchObject({ answers: 30, x_cache: { [hit]: 30 }, failures: {} });
      expect(byGet).toMatchObject({ answers: 30, x_cache: { [hit]: 30 }, failures: {} });
      expect(metricsOf(lambda)).toMatchObject([{ service: 'benchmark', missed: 0, finished: 1 }]);
      expect(secretsAsked).toContainEqual({ SecretId: 'picture-search/test/benchmark-key' });
      expect(lambda.output() + (await reports.read(key))).not.toContain(owner.key);
    });
  });

  it('asks for other words at its next run', async () => {
    await withFunction({ BENCHMARK_REQUESTS: '15' }, async (lambda) => {
      await lambda.invoke(event);
      const { phases } = await lambda.invoke(event);
      expect(phases['cold']).toMatchObject({ x_cache: { [miss]: 15 } });
    });
  });

  it('has a result where its key is not known any more', async () => {
    await withFunction({ SECRETS: '', API_KEY: createKey().key }, async (lambda) => {
      const report = await lambda.invoke(event);
      expect(report).toMatchObject({
        finished: false,
        stopped: { phase: 'cold', code: 'unauthenticated' },
        target: { missed: true },
      });
      expect(metricsOf(lambda)).toMatchObject([
        { missed: 1, finished: 0 },
        { failures: 1, code: 'unauthenticated' },
      ]);
    });
  });

  it('says why it does not start', async () => {
    await expect(start({ TARGET_URL: '' })).rejects.toThrow(/Cannot start as .*TARGET_URL/);
  });
});
