import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventParser } from '../web/event-stream.ts';
import { createKey } from './support/api-keys.ts';
import { lambdaEvents, searchRequest } from './support/lambda-events.ts';
import { type LambdaProcess, startLambda } from './support/lambda-process.ts';
import { hasRedis, type RedisServer, startRedis, until } from './support/redis-server.ts';
import { startCollector } from './support/otlp-collector.ts';
import { runScript } from './support/processes.ts';
import { startSecrets } from './support/secrets-server.ts';
import { startService, type RunningService } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const secret = 'a secret of the edge and the service'.replaceAll(' ', '-');

let directory: string;
let service: RunningService;

beforeAll(async () => {
  // No folder above it has a node_modules.
  directory = await temporaryDirectory();
  const { code, stderr } = await runScript('bundle', ['--out', directory]);
  if (code !== 0) throw new Error(stderr);
  service = await startService(await temporaryDirectory(), { SERVICE_SECRET: secret });
});
afterAll(() => service?.stop());

/** The files that a part of the bundle was made from. */
async function sourcesOf(file: string): Promise<string[]> {
  const text = await readFile(join(directory, `${file}.map`), 'utf8').catch(() => undefined);
  // Glue between two others has no source.
  const map = text === undefined ? { sources: [] } : JSON.parse(text);
  return (map as { sources: string[] }).sources;
}

/** The entry, what it imports, and so on. */
async function startFiles(): Promise<ReadonlySet<string>> {
  const reached = new Set(['lambda.mjs']);
  for (const name of reached) {
    const code = await readFile(join(directory, name), 'utf8');
    for (const [, other = ''] of code.matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g)) {
      reached.add(other);
    }
  }
  return reached;
}

function start(env: Readonly<Record<string, string>> = {}): Promise<LambdaProcess> {
  return startLambda(join(directory, 'lambda.mjs'), {
    cwd: directory,
    env: {
      SERVICE_URL: service.url,
      SERVICE_SECRET: secret,
      API_KEYS_REQUIRED: 'false',
      ...env,
    },
  });
}

describe('the bundle of the edge', () => {
  it('loads less than a megabyte at its start', async () => {
    const sizes = await Promise.all(
      [...(await startFiles())].map(async (name) => (await stat(join(directory, name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_000_000);
  });

  it('loads the SDK of AWS only when something is uploaded or removed', async () => {
    const isSdk = (source: string) => /node_modules\/@(aws-sdk|smithy)\//.test(source);
    const atStart = await startFiles();
    const all = (await readdir(directory)).filter((name) => name.endsWith('.mjs'));
    const withSdk: string[] = [];
    for (const name of all) if ((await sourcesOf(name)).some(isSdk)) withSdk.push(name);
    expect(withSdk.length).toBeGreaterThan(0);
    expect(withSdk.filter((name) => atStart.has(name))).toEqual([]);
  });

  it('has what the edge is made of, and nothing of what only the service needs', async () => {
    const sources = await sourcesOf('lambda.mjs');
    expect(sources.length).toBeGreaterThan(100);
    for (const part of ['node_modules/ioredis/', 'node_modules/hono/', 'edge/lambda/main.ts']) {
      expect(sources.some((source) => source.includes(part))).toBe(true);
    }
    const foreign =
      /node_modules\/(onnxruntime|@zvec|sharp|@img|@qdrant|@huggingface|prom-client|typescript)|gpu-service\/|scripts\/|^test\//;
    expect(sources.filter((source) => foreign.test(source))).toEqual([]);
  });

  it('loads OpenTelemetry only when there is somewhere to send traces to', async () => {
    const isTelemetry = (source: string) => source.includes('@opentelemetry');
    expect((await sourcesOf('lambda.mjs')).filter(isTelemetry)).toEqual([]);
    expect((await sourcesOf('otlp-tracer.mjs')).filter(isTelemetry)).not.toEqual([]);
  });
});

describe('the bundled handler, without node_modules', () => {
  let lambda: LambdaProcess;
  beforeAll(async () => {
    lambda = await start();
  });
  afterAll(() => lambda?.stop());

  it.each(Object.entries(lambdaEvents))('answers a search of %s', async (_, toEvent) => {
    const { statusCode, body } = await lambda.invoke(toEvent(searchRequest('red')));
    expect(statusCode).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ query: 'red', total: 3, model: 'demo' });
  });

  it('streams a search to a function URL, piece by piece', async () => {
    const request = searchRequest('red', { accept: 'text/event-stream' });
    const { statusCode, headers, pieces } = await lambda.stream(
      lambdaEvents['function URL'](request),
    );
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/event-stream');
    const events = pieces.flatMap(createEventParser());
    expect(events.map(({ name }) => name)).toEqual(['results', 'done']);
    expect(pieces).toHaveLength(2);
  });

  it('writes metrics for CloudWatch and a line of the log when it has answered', async () => {
    const request = searchRequest('a red circle', { 'x-request-id': 'seen-in-the-log' });
    await lambda.invoke(lambdaEvents['function URL'](request));
    await until(() => /"request_id":"seen-in-the-log".*\n/.test(lambda.output()));
    const lines = lambda.output().trim().split('\n');
    const metrics = lines.map((line) => JSON.parse(line)).findLast((line) => '_aws' in line);
    expect(metrics).toMatchObject({ service: 'edge', environment: 'development', requests: 1 });
    expect(lambda.output()).not.toContain('a red circle');
  });

  it('goes on after it was frozen', async () => {
    lambda.process.kill('SIGSTOP');
    await sleep(300);
    lambda.process.kill('SIGCONT');
    const { statusCode } = await lambda.invoke(lambdaEvents['function URL'](searchRequest('red')));
    expect(statusCode).toBe(200);
  });

  it('permits uploads, with the SDK of AWS that it loads then', async () => {
    const { key, ...entry } = createKey({ scopes: ['write'] });
    const uploading = await start({
      API_KEYS: JSON.stringify([entry]),
      PICTURES_BUCKET: 'pictures',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'not-a-secret-at-all',
    });
    const upload = { file_name: 'dog.jpg', content_type: 'image/jpeg', size: 1000 };
    const { statusCode, body } = await uploading.invoke(
      lambdaEvents['function URL']({
        method: 'POST',
        path: '/uploads',
        headers: { 'content-type': 'application/json', 'x-api-key': key },
        body: JSON.stringify(upload),
      }),
    );
    expect(statusCode).toBe(201);
    expect(JSON.parse(body)).toMatchObject({
      method: 'POST',
      url: 'https://pictures.s3.eu-central-1.amazonaws.com/',
      fields: { 'Content-Type': 'image/jpeg' },
    });
    expect(uploading.output()).not.toContain('not-a-secret-at-all');
    await uploading.stop();
  });

  it('reads its secrets from Secrets Manager when it starts', async () => {
    const secrets = await startSecrets({ service: secret });
    const env = {
      SERVICE_SECRET: '',
      SECRETS: JSON.stringify({ SERVICE_SECRET: 'service' }),
      AWS_ENDPOINT_URL: secrets.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    const started = await start(env);
    const search = lambdaEvents['load balancer, many values'](searchRequest('red'));
    for (const _ of [1, 2]) expect((await started.invoke(search)).statusCode).toBe(200);
    expect(secrets.asked).toEqual(['service']);
    expect(started.output()).not.toContain(secret);
    await started.stop();
    await expect(start({ ...env, SECRETS: '{"SERVICE_SECRET":"gone"}' })).rejects.toThrow(
      /^Error: Cannot start as SERVICE_SECRET .*: gone$/m,
    );
    await secrets.close();
  });

  it('says what keeps it from starting', async () => {
    await expect(start({ SERVICE_URL: 'nowhere' })).rejects.toThrow(/^Error: .*: SERVICE_URL: /m);
    await expect(start({ API_KEYS_REQUIRED: '' })).rejects.toThrow(
      /^Error: .*: API_KEYS_REQUIRED: /m,
    );
  });
});

describe('the bundled handler with tracing', () => {
  const search = lambdaEvents['function URL'](searchRequest('red'));

  it('sends the traces of an invocation before it is frozen, perhaps for ever', async () => {
    const collector = await startCollector();
    const lambda = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    // More than one, as it does not wait for a collector that is slow.
    for (const _ of [1, 2, 3]) expect((await lambda.invoke(search)).statusCode).toBe(200);
    await lambda.stop();
    await until(() => collector.spans.some(({ name }) => name === 'POST /search'));
    await collector.close();
  });

  it('answers all the same when nobody takes the traces', async () => {
    const lambda = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    expect((await lambda.invoke(search)).statusCode).toBe(200);
    expect((await lambda.invoke(search)).statusCode).toBe(200);
    await lambda.stop();
  });
});

describe.skipIf(!hasRedis)('the bundled handler with Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  const withRedis = (port: number) =>
    start({
      REDIS_ENABLED: 'true',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(port),
      // On a busy machine 50 ms are not much.
      REDIS_TIMEOUT_MS: '2000',
    });

  it('keeps its connection from one invocation to the next', async () => {
    const lambda = await withRedis(redis.port);
    const search = lambdaEvents['function URL'](searchRequest('blue'));
    await until(async () => (await lambda.invoke(search)).headers?.['x-cache'] === 'hit');
    expect((await redis.cli('client', 'list')).match(/name=/g)).toHaveLength(2);
    await lambda.stop();
  });

  it('starts and answers without the Redis that it was promised', async () => {
    const lambda = await withRedis(9);
    const search = lambdaEvents['function URL'](searchRequest('blue'));
    expect((await lambda.invoke(search)).headers).toMatchObject({ 'x-cache': 'bypass' });
    const health = await lambda.invoke(lambdaEvents['function URL']({ path: '/health' }));
    expect(health.statusCode).toBe(200);
    expect(JSON.parse(health.body)).toMatchObject({ status: 'degraded', redis_connected: false });
    await lambda.stop();
  });
});
