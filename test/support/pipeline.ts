import type { Hono } from 'hono';
import { createEmbeddedStore } from '../../adapters/embedded-store.ts';
import { createMemoryCache } from '../../adapters/memory-cache.ts';
import { createMemoryRateLimiter } from '../../adapters/memory-rate-limiter.ts';
import { createOnnxEncoder } from '../../adapters/onnx-encoder.ts';
import { createPrometheusMetrics } from '../../adapters/prometheus-metrics.ts';
import { createGeneration } from '../../core/generation.ts';
import { imageIdAt } from '../../core/image-metadata.ts';
import { thumbnailKey } from '../../core/own-keys.ts';
import type { ObjectReader } from '../../core/object-store.ts';
import type { Encoder, Logger, VectorStore } from '../../core/ports.ts';
import { createEdge } from '../../edge/app.ts';
import { createLocalSearch } from '../../gpu-service/app.ts';
import { pictureUrls } from '../../http/pictures.ts';
import {
  type LocalPipeline,
  type LocalPipelineOptions,
  startLocalPipeline,
} from '../../scripts/local-aws/local-pipeline.ts';
import { expectOk } from './expect-ok.ts';
import { bucket, type RunningLocalAws } from './local-aws.ts';

export interface TestPipeline extends LocalPipeline {
  readonly encoder: Encoder;
  readonly store: VectorStore;
  /** The edge, with a cache whose generation the pipeline ends. */
  readonly edge: Hono;
}

export interface TestPipelineOptions extends Partial<
  Pick<LocalPipelineOptions, 'poller' | 'handlerOf' | 'maxReceives'>
> {
  readonly aws: RunningLocalAws;
  /** Of the index. */
  readonly directory: string;
  readonly logger?: Logger;
}

export const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The function that AWS runs, on the demo model and an embedded index, between real S3 and SQS. */
export async function startPipeline(options: TestPipelineOptions): Promise<TestPipeline> {
  const { aws, directory, logger = silent, poller } = options;
  const encoder = expectOk(await createOnnxEncoder({ directory: 'models/demo' }));
  const { model } = encoder;
  const store = expectOk(
    await createEmbeddedStore({ directory, collection: 'images', model, searchSpace: null }),
  );
  const cache = createMemoryCache({ now });
  const generation = createGeneration(cache, 'images');
  const pipeline = startLocalPipeline({
    ...options,
    aws: aws.aws,
    bucket,
    encoder,
    store,
    generation,
    logger,
    poller: { concurrency: 2, ...poller },
  });
  return {
    ...pipeline,
    encoder,
    store,
    edge: edgeOn({ encoder, store, cache }),
    async close() {
      await pipeline.close();
      await store.close();
      await encoder.close();
    },
  };
}

const now = () => performance.now();

function edgeOn({
  encoder,
  store,
  cache,
}: {
  readonly encoder: Encoder;
  readonly store: VectorStore;
  readonly cache: ReturnType<typeof createMemoryCache>;
}): Hono {
  const metrics = createPrometheusMetrics(now);
  const parts = { encoder, bareEncoder: encoder, store, urlsOf: pictureUrls, metrics };
  return createEdge({
    ...createLocalSearch({ ...parts, maxSearches: 16 }),
    metrics,
    cached: { cache, index: 'images', modelId: encoder.model.id, ttlSeconds: 3600 },
    limiter: createMemoryRateLimiter({ now }),
    settings: {
      keys: [],
      keysRequired: false,
      rate: { perSecond: 0, burst: 1 },
      trustedProxies: 0,
      corsOrigins: [],
      logQueries: false,
    },
    logger: silent,
    now,
    timeoutMs: 10_000,
  });
}

/** Versions by id. */
export type Versions = ReadonlyMap<string, string>;

/** What the bucket has of pictures: what the index should have. */
export async function versionsInBucket(objects: ObjectReader): Promise<Versions> {
  const versions = new Map<string, string>();
  for await (const item of objects.list()) {
    if (!item.ok) throw new Error(item.error.failure.detail);
    versions.set(imageIdAt(objects.root, item.value.key), item.value.version);
  }
  return versions;
}

/** What the index has; a picture that is there twice ends the test. */
export async function versionsInIndex(store: VectorStore): Promise<Versions> {
  const versions = new Map<string, string>();
  for await (const page of store.scan()) {
    for (const { id, origin } of expectOk(page)) {
      if (versions.has(id)) throw new Error(`It is there twice: ${origin.key}`);
      versions.set(id, origin.version);
    }
  }
  if (expectOk(await store.count()) !== versions.size) throw new Error('The count is another');
  return versions;
}

/** Ids of the small versions that are kept. */
export async function thumbnailsIn(objects: ObjectReader): Promise<string[]> {
  const [prefix = ''] = thumbnailKey('0').split('0');
  return (await keysBelow(objects, prefix)).map(
    (key) => key.slice(prefix.length).split('.')[0] ?? '',
  );
}

export async function keysBelow(objects: ObjectReader, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const item of objects.list({ prefix })) {
    if (!item.ok) throw new Error(item.error.failure.detail);
    keys.push(item.value.key);
  }
  return keys;
}
