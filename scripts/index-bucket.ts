import { createPictureReader } from '../adapters/picture-reader.ts';
import { createS3Client, needsPathStyle } from '../adapters/s3-client.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { parseEnv } from '../core/env.ts';
import type { Async, Failure } from '../core/failure.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { ok, type Result } from '../core/result.ts';
import { isInShard, parseShard, type Shard } from '../core/shard.ts';
import { type BucketPart, parseBucketUrl } from '../gpu-service/index-job/bucket-url.ts';
import { IndexJobConfig } from '../gpu-service/index-job/config.ts';
import { indexBucket } from '../gpu-service/index-job/index-bucket.ts';
import { manifestKey } from '../gpu-service/index-job/manifest-place.ts';
import { openListing } from '../gpu-service/index-job/open-listing.ts';
import { batchShard } from '../gpu-service/index-job/settings.ts';
import { stopBySignals } from '../gpu-service/index-job/stop-signals.ts';
import { createCount } from './index-progress.ts';
import { removeRecords } from './index-remove.ts';
import { type IndexOptions, runIndexing } from './index-run.ts';
import { openManifest } from './manifest.ts';
import { withEngine } from './open-local.ts';

export interface BucketOptions extends IndexOptions {
  readonly inventory?: string | undefined;
  readonly shard?: string | undefined;
}

interface Target extends BucketPart {
  readonly shard: Shard;
}

/** Brings the index up to the state of a bucket, or a part of it. The exit code. */
export async function indexBucketPart(url: string, options: BucketOptions): Async<number> {
  const target = readTarget(url, options.shard);
  if (!target.ok) return target;
  const { bucket, prefix, shard } = target.value;
  const client = openClient();
  const objects = createS3Objects({ bucket, client });
  const listing = await openListing({ client, bucket, objects, inventory: options.inventory });
  if (!listing.ok) return listing;
  const place = options.manifest ?? `${objects.root}/${manifestKey(new Date(), shard)}`;
  const manifest = await openManifest(place);
  if (!manifest.ok) return manifest;
  return withEngine(async ({ engine }) => {
    const signals = stopBySignals(process, {
      warn: (_, message) => process.stderr.write(`${message} …\n`),
    });
    const inventory = listing.value;
    const pictures = createPictureReader();
    const exitCode = await runIndexing({
      manifest: manifest.value,
      progress: createCount('Indexing'),
      stop: signals.stop,
      work: (onOutcomes) =>
        indexBucket(engine, {
          ...options,
          ...signals,
          objects,
          inventory,
          pictures,
          prefix,
          shard,
          onOutcomes,
        }),
    });
    signals.close();
    return exitCode;
  });
}

/** Takes the pictures of a bucket, or a part of it, out of the index, with what is kept beside them. */
export async function removeBucketPart(url: string, options: BucketOptions): Async<number> {
  const target = readTarget(url, options.shard);
  if (!target.ok) return target;
  const { bucket, prefix, shard } = target.value;
  const objects = createS3Objects({ bucket, client: openClient() });
  return withEngine(({ engine }) =>
    removeRecords(engine.store, {
      root: objects.root,
      isTaken: ({ id, origin }) => origin.key.startsWith(prefix) && isInShard(id, shard),
      onRecords: createThumbnailRemoval(objects),
    }),
  );
}

/** The bucket may be gone as well: then there is one sentence, and the index is still cleaned. */
function createThumbnailRemoval(objects: ObjectStore) {
  let failed = false;
  return async (ids: readonly string[]): Promise<void> => {
    if (failed) return;
    const removed = await objects.remove(ids.map(thumbnailKey));
    failed = !removed.ok;
    if (!removed.ok) process.stderr.write(`Thumbnails stay: ${removed.error.detail}\n`);
  };
}

function readTarget(url: string, shard: string | undefined): Result<Target, Failure> {
  const part = parseBucketUrl(url);
  if (!part.ok) return part;
  const parsed = shard === undefined ? shardOfJob() : parseShard(shard);
  return parsed.ok ? ok({ ...part.value, shard: parsed.value }) : parsed;
}

function shardOfJob(): Result<Shard, Failure> {
  const config = parseEnv(IndexJobConfig, process.env);
  return config.ok ? batchShard(config.value) : config;
}

function openClient() {
  return createS3Client({ pathStyle: needsPathStyle(process.env) });
}
