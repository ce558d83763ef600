import { findModelSpace } from '../adapters/model-spaces.ts';
import { createProcessLogger } from '../adapters/process-logger.ts';
import { type Async, failure } from '../core/failure.ts';
import { createPictureSource, createVectorSource } from '../core/point-sources.ts';
import type { Encoder, ModelInfo, Successor, VectorStore } from '../core/ports.ts';
import { reindex, type ReindexReport } from '../core/reindex.ts';
import { err, ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { openFront } from '../edge/front.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { openEncoder } from '../gpu-service/open-encoder.ts';
import { openStore } from '../gpu-service/open-store.ts';
import { encodeQueryTexts } from '../gpu-service/text-vectors.ts';
import { readIndexModel } from './collection-model.ts';
import { endGenerations, pullMissing, readLocalFront } from './open-local.ts';
import { createPictureFolders } from './picture-folders.ts';
import { createProgress } from './progress.ts';
import { settingsFor } from './reindex-model.ts';
import { describeReport, stepNames } from './reindex-report.ts';

export interface ReindexOptions {
  /** The settings as they are. */
  readonly config: GpuServiceConfig;
  /** The settings with the new model. */
  readonly wanted: GpuServiceConfig;
  readonly sameModel: boolean;
  readonly batchSize: number;
  readonly keepOld: boolean;
  readonly restart: boolean;
  readonly signal: AbortSignal;
}

type Model = Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;

interface Opened extends ReindexOptions {
  readonly encoder: Encoder;
  readonly from: VectorStore;
  readonly oldModel: Model;
}

/** Opens all that it takes, and closes it again. The exit code. */
export async function reindexCollection(options: ReindexOptions): Async<number> {
  const { config, wanted } = options;
  const oldModel = await readIndexModel(config);
  if (!oldModel.ok) return oldModel;
  const pulled = await pullMissing(wanted);
  if (!pulled.ok) return pulled;
  const logger = createProcessLogger(config.LOG_LEVEL);
  const encoder = await openEncoder(wanted, logger);
  if (!encoder.ok) return encoder;
  try {
    const isSame = sameModel(encoder.value.model, oldModel.value);
    if (options.sameModel && !isSame) return err(otherModel(encoder.value.model, oldModel.value));
    if (isSame && !options.sameModel) return upToDate(oldModel.value);
    const textVectors = () => encodeQueryTexts(encoder.value);
    const from = await openStore(config, { model: oldModel.value, textVectors, logger });
    if (!from.ok) return from;
    const opened = { ...options, encoder: encoder.value, from: from.value };
    return await run({ ...opened, oldModel: oldModel.value }).finally(() => from.value.close());
  } finally {
    await encoder.value.close();
  }
}

async function run(opened: Opened): Async<number> {
  const { config, wanted, from, encoder, oldModel } = opened;
  const total = await from.count();
  if (!total.ok) return total;
  const successor = await begin(opened);
  if (!successor.ok) return successor;
  const report = await fill(opened, successor.value, total.value);
  await successor.value.store.close();
  if (!report.ok) return report;
  await endCachedAnswers(config);
  process.stdout.write(describeReport(report.value, oldModel, encoder.model));
  const settings = settingsFor(config, wanted, encoder.model);
  if (settings !== undefined) process.stdout.write(settings);
  return ok(0);
}

async function begin({
  config,
  encoder,
  from,
  restart,
  sameModel: same,
}: Opened): Async<Successor> {
  const { model } = encoder;
  const searchSpace = await spaceFor(config, model, same ? from : undefined);
  if (!searchSpace.ok) return searchSpace;
  const spec = { model, searchSpace: searchSpace.value };
  const begun = await from.succeed(spec);
  if (!begun.ok || !restart) return begun;
  await begun.value.store.close();
  const discarded = await begun.value.discard();
  return discarded.ok ? from.succeed(spec) : discarded;
}

/** The one that the collection has, where the vectors stay what they are; else the model's. */
async function spaceFor(
  config: GpuServiceConfig,
  model: Model,
  same: VectorStore | undefined,
): Async<SearchSpace | null> {
  if (config.SEARCH_SPACE === 'off') return ok(null);
  const described = await same?.describe();
  if (described && !described.ok) return described;
  return ok(described?.value.searchSpace ?? (await findModelSpace(model)) ?? null);
}

async function fill(opened: Opened, successor: Successor, total: number): Async<ReindexReport> {
  const { encoder, from, batchSize, keepOld, signal } = opened;
  const progress = createProgress(opened.sameModel ? 'Copying' : 'Encoding', total);
  let copying = true;
  const report = await reindex({
    from,
    successor,
    source: opened.sameModel
      ? createVectorSource()
      : createPictureSource({ encoder, objectsOf: createPictureFolders(), batchSize }),
    keepOld,
    signal,
    onProgress: (count) => (copying ? progress.advance(count) : undefined),
    onStep(step) {
      if (step === 'copying') return;
      if (copying) progress.stop();
      copying = false;
      process.stderr.write(`${stepNames[step]}\n`);
    },
  });
  if (copying) progress.stop();
  return report;
}

function sameModel(a: Model, b: Model): boolean {
  return a.id === b.id && a.revision === b.revision && a.dimensions === b.dimensions;
}

function upToDate({ id }: Model): Async<number> {
  process.stdout.write(
    `Nothing to do: the index was made by ${id} (--same-model builds it anew).\n`,
  );
  return Promise.resolve(ok(0));
}

function otherModel(asked: Model, kept: Model) {
  return failure(
    'model_mismatch',
    `Cannot keep the model as the settings ask for another one than that of the index: ${asked.id} (${asked.revision}), not ${kept.id} (${kept.revision})`,
  );
}

/** Answers that were kept before are of the old collection. */
async function endCachedAnswers(config: GpuServiceConfig): Promise<void> {
  const frontConfig = readLocalFront();
  if (!frontConfig.ok) return;
  const logger = createProcessLogger(config.LOG_LEVEL);
  const { cache, close } = openFront(frontConfig.value, logger, () => performance.now());
  await endGenerations(cache, config).end();
  close();
}
