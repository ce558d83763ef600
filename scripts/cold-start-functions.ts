import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createS3Client } from '../adapters/s3-client.ts';
import { createSqsClient } from '../adapters/sqs-client.ts';
import type { Async } from '../core/failure.ts';
import { startQdrant } from '../test/support/qdrant-server.ts';
import { startSecrets } from '../test/support/secrets-server.ts';
import { sqsEvent } from '../test/support/sqs-events.ts';
import type { ColdStart } from './cold-start-process.ts';
import { openFauxqs } from './local-aws/fauxqs.ts';

type Env = Readonly<Record<string, string>>;
type Starts = Readonly<Record<string, Omit<ColdStart, 'directory'>>>;

const root = join(import.meta.dirname, '..');
const region = 'eu-central-1';
const aws = {
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};
const serviceSecret = 'known-to-the-edge-and-the-service';

/**
 * Runs the work with every function's environment and a true event, while what they ask is there: S3, SQS,
 * Secrets Manager, Qdrant and CloudFront's store of keys, each a server of this machine.
 *
 * @param edge The environment of the edge, its service and its Redis.
 */
export async function withFunctionBackends<T>(
  edge: Env,
  work: (starts: Starts) => Async<T>,
): Async<T> {
  const cloud = await startCloud();
  if (!cloud.ok) return cloud;
  const qdrant = await startQdrant({ restPort: 0 });
  const secrets = await startSecrets({ qdrant: 'a-key-of-qdrant', service: serviceSecret });
  const keyValues = await startKeyValues();
  const index = {
    ...aws,
    AWS_ENDPOINT_URL: cloud.value.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    SECRETS: JSON.stringify({ QDRANT_API_KEY: 'qdrant' }),
    PICTURES_BUCKET: 'pictures',
    QUEUE_URL: cloud.value.queueUrl,
    QDRANT_HOST: qdrant.host,
    QDRANT_PORT: String(qdrant.restPort),
    QDRANT_GRPC_PORT: String(qdrant.port),
  };
  try {
    return await work({
      // First, as it makes the collection.
      'index-images': indexImages(index),
      ...nightly(index),
      'publish-generation': publishGeneration(keyValues.url),
      benchmark: benchmark(cloud.value.url, edge),
    });
  } finally {
    await Promise.all([cloud.value.close(), qdrant.stop(), secrets.close(), keyValues.close()]);
  }
}

function nightly(index: Env): Starts {
  const finished = { event: {}, answer: /"finished":true/ };
  return {
    reconcile: { ...finished, env: { ...index, RECONCILE_SETTLE_SECONDS: '0' } },
    snapshot: { ...finished, env: { ...index, SNAPSHOTS_BUCKET: 'snapshots' } },
  };
}

/** As short as it can be: what it does takes long on purpose. */
function benchmark(url: string, edge: Env): Starts[string] {
  const target = { TARGET_URL: edge['SERVICE_URL'] ?? '', REPORTS_BUCKET: 'reports' };
  return {
    env: { ...aws, ...target, AWS_ENDPOINT_URL: url, BENCHMARK_REQUESTS: '1' },
    event: {},
    answer: /"phases":/,
  };
}

/** Packages with native files, which the image has beside the bundle. */
export async function linkPackages(directory: string): Promise<void> {
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
}

function indexImages(env: Env): Starts[string] {
  const body = JSON.stringify({ bucket: 'pictures', keys: ['red.png'] });
  return {
    env: { ...env, MODEL_DIR: join(root, 'models/demo') },
    event: sqsEvent([{ body }]),
    answer: /"batchItemFailures":\[\]/,
  };
}

/** The account is a part of the name that it asks: here every name is this machine. */
const everyNameIsHere = `
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
dns.lookup = (name, { all }, done) =>
  all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
syncBuiltinESMExports();
`;

function publishGeneration(url: string): Starts[string] {
  return {
    env: {
      ...aws,
      AWS_ENDPOINT_URL: url,
      GENERATIONS_ARN: 'arn:aws:cloudfront::123456789012:key-value-store/generations',
    },
    event: {
      source: 'aws.s3',
      time: '2026-05-04T03:02:01Z',
      detail: { bucket: { name: 'pictures' }, object: { key: '.picture-search/generation' } },
    },
    answer: /./,
    prelude: everyNameIsHere,
  };
}

/** S3 with a picture, and SQS. */
async function startCloud(): Async<{ url: string; queueUrl: string; close(): Promise<void> }> {
  const opened = await openFauxqs(undefined, region);
  if (!opened.ok) return opened;
  const { app } = opened.value;
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = { region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const s3 = createS3Client({ ...client, endpoint: url, pathStyle: true });
  for (const Bucket of ['pictures', 'snapshots', 'reports']) {
    await s3.send(new CreateBucketCommand({ Bucket }));
  }
  const Body = Buffer.from(redPixel, 'base64');
  await s3.send(new PutObjectCommand({ Bucket: 'pictures', Key: 'red.png', Body }));
  const sqs = createSqsClient({ ...client, url });
  const { QueueUrl = url } = await sqs.send(new CreateQueueCommand({ QueueName: 'pictures' }));
  for (const each of [s3, sqs]) each.destroy();
  const queueUrl = `${url}${new URL(QueueUrl).pathname}`;
  return { ok: true, value: { url, queueUrl, close: () => app.close() } };
}

const redPixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==';

/** CloudFront's store of keys, which takes every change. */
async function startKeyValues() {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', etag: 'v1' });
    response.end(JSON.stringify({ ItemCount: 1, TotalSizeInBytes: 1, Created: 1 }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
