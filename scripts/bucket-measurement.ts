import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModelDirectory } from '../adapters/model-directory.ts';
import { createPictureReader } from '../adapters/picture-reader.ts';
import { createPixelReader } from '../adapters/pixels.ts';
import type { Async } from '../core/failure.ts';
import { mapBounded } from '../core/in-parallel.ts';
import { ok } from '../core/result.ts';
import { type Engine, openEngine } from '../gpu-service/open.ts';
import { modelDirectoryOf } from '../gpu-service/open-encoder.ts';
import { encodeAlone, indexFromBucket, indexFromFolder, startBucketServer } from './bucket-runs.ts';
import { readLocalConfig } from './open-local.ts';

export interface BucketMeasurement {
  /** Pictures, without folders in it. */
  readonly folder: string;
  readonly copies: number;
  readonly latencyMs: number;
}

export interface Measured {
  readonly perSecond: number;
  /** Of one core, for one picture. */
  readonly cpuMs: number;
  /** The part of it that the event loop's thread takes, of which a process has one. */
  readonly loopMs: number;
}

type Results = Readonly<Record<string, Measured>>;

/** The parts of indexing, and indexing from here and there, by name. */
export async function measureBucket(options: BucketMeasurement): Async<Results> {
  const { folder, copies } = options;
  const names = await readdir(folder);
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const many = Array.from({ length: copies }, () => files).flat();
  const directory = await mkdtemp(join(tmpdir(), 'benchmark-bucket-'));
  const pictures = join(directory, 'pictures');
  try {
    for (let copy = 0; copy < copies; copy += 1) {
      await cp(folder, join(pictures, String(copy)), { recursive: true });
    }
    const parts = await measureParts(many);
    if (!parts.ok) return parts;
    const local = await measureAll(directory, {
      'encoder alone': ({ bareEncoder }) => encodeAlone(bareEncoder, many),
      'from a folder': (engine) => indexFromFolder(engine, pictures),
    });
    if (!local.ok) return local;
    const remote = await measureServers(directory, options);
    return remote.ok ? ok({ ...parts.value, ...local.value, ...remote.value }) : remote;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function measureServers(directory: string, options: BucketMeasurement): Async<Results> {
  const results: Record<string, Measured> = {};
  for (const latencyMs of [0, options.latencyMs]) {
    const server = await startBucketServer({ ...options, latencyMs });
    const far = latencyMs === 0 ? '' : `, ${latencyMs} ms away`;
    const run = (thumbnails: boolean) => (engine: Engine) =>
      indexFromBucket(engine, { endpoint: server.endpoint, thumbnails });
    const measured = await measureAll(directory, {
      [`from a bucket${far}`]: run(false),
      [`with thumbnails${far}`]: run(true),
    }).finally(() => server.close());
    if (!measured.ok) return measured;
    Object.assign(results, measured.value);
  }
  return ok(results);
}

type Work = (engine: Engine) => Promise<number>;

/** Each with an empty index and a warm model, which are not part of what is measured. */
async function measureAll(
  directory: string,
  works: Readonly<Record<string, Work>>,
): Async<Results> {
  const results: Record<string, Measured> = {};
  for (const [name, work] of Object.entries(works)) {
    const config = readLocalConfig({ ...process.env, DATA_DIR: join(directory, name) });
    if (!config.ok) return config;
    const engine = await openEngine(config.value, silent);
    if (!engine.ok) return engine;
    results[name] = await measure(() => work(engine.value));
    await engine.value.close();
  }
  return ok(results);
}

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** What one picture takes of one core, apart from the model. */
async function measureParts(files: readonly Uint8Array[]): Async<Results> {
  const config = readLocalConfig();
  if (!config.ok) return config;
  const model = await readModelDirectory(modelDirectoryOf(config.value));
  if (!model.ok) return model;
  const pixels = createPixelReader(model.value.manifest.pixels);
  const slot = new Float32Array(pixels.slotLength);
  const pictures = createPictureReader();
  const parts = {
    'decode for the model': (file: Uint8Array) => pixels.read(file, slot),
    'read type and EXIF': (file: Uint8Array) => pictures.facts(file),
    'make a thumbnail': (file: Uint8Array) => pictures.thumbnail(file),
  };
  const results: Record<string, Measured> = {};
  for (const [name, part] of Object.entries(parts)) {
    results[name] = await measure(
      async () => (await mapBounded<Uint8Array, unknown>(files, 8, part)).length,
    );
  }
  return ok(results);
}

async function measure(work: () => Promise<number>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const loop = process.threadCpuUsage();
  const start = performance.now();
  const count = await work();
  const seconds = (performance.now() - start) / 1000;
  const msEach = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000 / count;
  return {
    perSecond: count / seconds,
    cpuMs: msEach(process.cpuUsage(cpu)),
    loopMs: msEach(process.threadCpuUsage(loop)),
  };
}
