import { findModelSpace } from '../../adapters/model-spaces.ts';
import { createOnnxEncoder } from '../../adapters/onnx-encoder.ts';
import { createPictureReader } from '../../adapters/picture-reader.ts';
import { qdrantOptions } from '../../adapters/qdrant-settings.ts';
import { createQdrantStore } from '../../adapters/qdrant-store.ts';
import { openRedisGeneration } from '../../adapters/redis-generation.ts';
import { createS3Client, needsPathStyle } from '../../adapters/s3-client.ts';
import { createS3Objects } from '../../adapters/s3-objects.ts';
import { createSqsQueue } from '../../adapters/sqs-queue.ts';
import { type Async, failure } from '../../core/failure.ts';
import type { Encoder, Logger, VectorStore } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import { createRemoteEncoder } from '../../http/remote-encoder.ts';
import type { IndexImagesParts } from './app.ts';
import type { IndexImagesConfig } from './config.ts';

/** What lives as long as the function's process does. */
export type OpenedParts = Pick<
  IndexImagesParts,
  'indexer' | 'bucket' | 'deadLetters' | 'maxReceives' | 'generation'
>;

/**
 * Opens all that the environment asks for. Bucket, queue and cache need not answer yet; the encoder
 * and the index must, and must belong together.
 */
export async function openIndexImages(
  config: IndexImagesConfig,
  logger: Logger,
): Async<OpenedParts> {
  const { PICTURES_BUCKET: bucket, DEAD_LETTER_QUEUE_URL: url } = config;
  const client = createS3Client({ pathStyle: needsPathStyle(config) });
  const objects = createS3Objects({ bucket, client });
  // First, as it connects while the model is loaded.
  const generation = openRedisGeneration(config, logger, objects);
  const encoder = await openEncoder(config, logger);
  if (!encoder.ok) return encoder;
  const store = await openStore(config, encoder.value, logger);
  if (!store.ok) return store;
  return ok({
    indexer: {
      objects,
      encoder: encoder.value,
      store: store.value,
      pictures: createPictureReader(),
      own: objects,
      place: config.INDEX_PLACE,
    },
    bucket,
    deadLetters: url === undefined ? undefined : createSqsQueue({ url }),
    maxReceives: config.MAX_RECEIVES,
    generation,
  });
}

async function openEncoder(config: IndexImagesConfig, logger: Logger): Async<Encoder> {
  const { ENCODER_URL: baseUrl, ENCODER_PRECISION: precision } = config;
  const encoder =
    baseUrl === undefined
      ? await createOnnxEncoder({
          directory: config.MODEL_DIR,
          threads: config.ENCODER_THREADS,
          device: 'cpu',
          precision: precision === 'auto' ? undefined : precision,
          logger,
        })
      : await createRemoteEncoder({
          baseUrl,
          timeoutMs: config.ENCODER_TIMEOUT_MS,
          secret: config.SERVICE_SECRET[0],
        });
  if (!encoder.ok) return encoder;
  const { CLIP_MODEL_NAME: name, CLIP_PRETRAINED: pretrained } = config;
  const wanted = pretrained === undefined ? name : `${name}/${pretrained}`;
  const { id } = encoder.value.model;
  if (wanted === undefined || wanted === id) return encoder;
  await encoder.value.close();
  const place = baseUrl === undefined ? 'MODEL_DIR' : 'ENCODER_URL';
  const detail = `Cannot start as CLIP_MODEL_NAME and CLIP_PRETRAINED ask for ${wanted}, but ${place} has another model: ${id}`;
  return err(failure('model_mismatch', detail));
}

/** An index of another model is refused. */
async function openStore(
  config: IndexImagesConfig,
  { model }: Encoder,
  logger: Logger,
): Async<VectorStore> {
  const searchSpace = config.SEARCH_SPACE === 'auto' ? await findModelSpace(model) : null;
  return createQdrantStore({ ...qdrantOptions(config), model, searchSpace, logger });
}
