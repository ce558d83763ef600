import { setTimeout as sleep } from 'node:timers/promises';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { createS3Client } from '../adapters/s3-client.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { chunks } from '../core/chunks.ts';
import type { Async } from '../core/failure.ts';
import { imageIdAt } from '../core/image-metadata.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { Encoder, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { writeClipShapedModel } from './clip-shaped-model.ts';
import { startLocalPipeline } from './local-aws/local-pipeline.ts';
import { type Cost, costOf, makePicture, readPictures, type RemoteAws } from './pipeline-bench.ts';
import { createProgress } from './progress.ts';

export const bucket = 'pictures';
const latencySamples = 50;
/** After so long without one more picture in the index there is one that cannot be indexed. */
const patienceMs = 120_000;

export interface PipelineBench {
  readonly count: number;
  readonly model: string;
  readonly pictures: string | undefined;
  readonly batchSize: number;
  readonly concurrency: number;
}

interface Bench extends PipelineBench {
  readonly aws: RemoteAws;
  readonly encoder: Encoder;
  readonly store: VectorStore;
  readonly objects: ObjectStore;
}

/**
 * The rates of both, and how long one picture takes by itself.
 *
 * @param folder For the index and a model.
 */
export async function measurePipeline(asked: PipelineBench, folder: string, aws: RemoteAws) {
  const directory = await modelDirectory(asked.model, folder);
  const encoder = await createOnnxEncoder({ directory });
  if (!encoder.ok) return encoder;
  const { model } = encoder.value;
  const opened = await createEmbeddedStore({ directory: folder, collection: 'images', model });
  if (!opened.ok) return opened;
  const client = createS3Client({ pathStyle: true, ...aws.aws.client });
  const objects = createS3Objects({ bucket, client });
  const bench = { ...asked, aws, encoder: encoder.value, store: opened.value, objects };
  const pictures = await putPictures(bench);
  if (!pictures.ok) return pictures;
  const half = Math.ceil(pictures.value.length / 2);
  await encodeAll(bench, pictures.value.slice(0, 2 * asked.batchSize));
  const before = await encodeAll(bench, pictures.value.slice(0, half));
  const awsBeforeMs = await aws.cpuMs();
  const pipeline = await runPipeline(bench);
  const awsMs = (await aws.cpuMs()) - awsBeforeMs;
  const after = await encodeAll(bench, pictures.value.slice(half));
  const latency = await measureLatency(bench);
  client.destroy();
  await opened.value.close();
  await encoder.value.close();
  const alone = { ms: before.ms + after.ms, cpuMs: before.cpuMs + after.cpuMs };
  return ok({
    model: model.id,
    pictures: asked.count,
    encoder_alone: rates(alone, asked.count),
    pipeline: rates(pipeline, asked.count),
    local_aws_cpu_ms_per_picture: round(awsMs / asked.count),
    throughput_ratio: round(alone.ms / pipeline.ms),
    cpu_ratio: round(alone.cpuMs / pipeline.cpuMs),
    event_to_searchable_ms: latency,
  });
}

async function modelDirectory(model: string, folder: string): Promise<string> {
  if (model === 'demo') return 'models/demo';
  if (model !== 'vit-b-32') return model;
  await writeClipShapedModel(folder);
  return folder;
}

/** Their messages wait until the pipeline begins. */
async function putPictures({ count, objects, pictures: folder }: Bench): Async<Uint8Array[]> {
  const progress = createProgress('Uploading', count);
  const given = folder === undefined ? [] : await readPictures(folder);
  const pictures: Uint8Array[] = [];
  for (let n = 0; n < count; n += 1) {
    const picture = given[n % given.length] ?? (await makePicture(n));
    pictures.push(picture);
    const put = await objects.put(`all/${n}.jpg`, picture);
    if (!put.ok) return put;
    progress.advance(1);
  }
  progress.stop();
  return ok(pictures);
}

async function encodeAll(
  { encoder, batchSize, concurrency }: Bench,
  pictures: readonly Uint8Array[],
): Promise<Cost> {
  const next = chunks(pictures, batchSize).values();
  const lane = async () => {
    for (const batch of next) {
      const encoded = await encoder.encodeImages(batch);
      if (!encoded.ok) throw new Error(encoded.error.detail);
    }
  };
  return costOf(() => Promise.all(Array.from({ length: concurrency }, lane)));
}

async function runPipeline(bench: Bench): Promise<Cost> {
  const pipeline = startPipeline(bench, { batchWindowMs: 20 });
  const progress = createProgress('Indexing', bench.count);
  let done = 0;
  let lastMs = performance.now();
  const cost = await costOf(async () => {
    while (done < bench.count) {
      await sleep(50);
      const now = await bench.store.count();
      const more = now.ok ? now.value - done : 0;
      progress.advance(more);
      done += more;
      if (more > 0) lastMs = performance.now();
      if (performance.now() - lastMs > patienceMs) {
        throw new Error(`Only ${done} of ${bench.count} pictures can be indexed`);
      }
    }
  });
  progress.stop();
  await pipeline.close();
  return cost;
}

function startPipeline(bench: Bench, window: { readonly batchWindowMs: number }) {
  const { aws, encoder, store, batchSize, concurrency } = bench;
  const logger = { debug() {}, info() {}, warn: console.warn, error: console.error };
  const poller = { batchSize, concurrency, timeoutMs: 600_000, ...window };
  return startLocalPipeline({ aws: aws.aws, bucket, encoder, store, logger, poller });
}

/** One picture at a time, while nothing else is going on: from the event to a record in the index. */
async function measureLatency(bench: Bench) {
  const pipeline = startPipeline(bench, { batchWindowMs: 0 });
  const times: number[] = [];
  for (let n = 0; n < latencySamples; n += 1) {
    const key = `one/${n}.jpg`;
    const picture = await makePicture(1_000_000 + n);
    const put = await bench.objects.put(key, picture);
    if (!put.ok) throw new Error(put.error.detail);
    const begunMs = performance.now();
    const id = imageIdAt(bench.objects.root, key);
    while (!(await isIndexed(bench.store, id))) await sleep(2);
    times.push(performance.now() - begunMs);
  }
  await pipeline.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => round(times[Math.ceil(share * times.length) - 1] ?? 0);
  return { samples: times.length, p50: at(0.5), p95: at(0.95) };
}

async function isIndexed(store: VectorStore, id: string): Promise<boolean> {
  const found = await store.get([id]);
  return found.ok && found.value.length > 0;
}

function rates({ ms, cpuMs }: Cost, pictures: number) {
  return {
    pictures_per_second: round((pictures / ms) * 1000),
    cpu_ms_per_picture: round(cpuMs / pictures),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
