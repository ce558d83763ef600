import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createPictureReader } from '../adapters/picture-reader.ts';
import { createS3Client } from '../adapters/s3-client.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { chunks } from '../core/chunks.ts';
import type { Async } from '../core/failure.ts';
import { indexObjects } from '../core/index-objects.ts';
import { mapBounded } from '../core/in-parallel.ts';
import type { Encoder } from '../core/ports.ts';
import { wholeBucket } from '../core/shard.ts';
import { indexBucket } from '../gpu-service/index-job/index-bucket.ts';
import { createTally } from '../gpu-service/index-job/tally.ts';
import type { Engine } from '../gpu-service/open.ts';

const batchSize = 64;
const batchesUnderWay = 3;

/** Decodes and encodes files that are in memory, and keeps nothing. How many. */
export async function encodeAlone(
  encoder: Pick<Encoder, 'encodeImages'>,
  files: readonly Uint8Array[],
): Promise<number> {
  const batches = [...chunks(files, batchSize)];
  const encoded = await mapBounded(batches, batchesUnderWay, (some) => encoder.encodeImages(some));
  return encoded.reduce((sum, batch) => sum + (batch.ok ? batch.value.length : 0), 0);
}

export function indexFromFolder(engine: Engine, path: string): Promise<number> {
  return countIndexed((onOutcomes) =>
    indexObjects(engine, {
      objects: createDirectoryObjects(path),
      pictures: createPictureReader(),
      batchSize,
      optimize: false,
      onOutcomes,
    }),
  );
}

/** How many; as the batch job does it, or without thumbnails. */
export async function indexFromBucket(
  engine: Engine,
  { endpoint, thumbnails }: { readonly endpoint: string; readonly thumbnails: boolean },
): Promise<number> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createS3Client({ endpoint, credentials, region: 'eu-central-1', pathStyle: true });
  const { signal } = new AbortController();
  const count = await countIndexed((onOutcomes) =>
    indexBucket(engine, {
      objects: createS3Objects({ bucket: 'photos', client }),
      pictures: thumbnails ? createPictureReader() : undefined,
      prefix: '',
      shard: wholeBucket,
      batchSize,
      optimize: false,
      stop: signal,
      signal,
      onOutcomes,
    }),
  );
  client.destroy();
  return count;
}

type Run = (onOutcomes: Parameters<typeof indexObjects>[1]['onOutcomes']) => Async<void>;

async function countIndexed(run: Run): Promise<number> {
  const tally = createTally();
  const done = await run(async (outcomes) => tally.add(outcomes));
  if (!done.ok) throw new Error(done.error.detail, { cause: done.error.cause });
  return tally.counts().indexed;
}

export interface BucketServerOptions {
  readonly folder: string;
  readonly copies: number;
  readonly latencyMs: number;
}

/** A bucket `photos` in a process of its own, with every file of the folder so many times. */
export async function startBucketServer(options: BucketServerOptions): Promise<{
  readonly endpoint: string;
  close(): Promise<void>;
}> {
  const { folder, copies, latencyMs } = options;
  const script = join(import.meta.dirname, 'bucket-server.ts');
  const child = spawn(process.execPath, [script, folder, String(copies), String(latencyMs)], {
    // Its input ends with this process, however that ends, and it with its input.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = once(createInterface(child.stdout), 'line');
  const [endpoint] = await Promise.race([line, once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error('The bucket ended before it was there');
  return {
    endpoint: String(endpoint),
    async close() {
      child.kill();
      await once(child, 'exit');
    },
  };
}
