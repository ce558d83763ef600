import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { type Async, type Failure, failure } from '../core/failure.ts';
import type { Encoder, Logger } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createImageTower, type ImageTower } from './image-tower.ts';
import {
  type ModelDirectory,
  type Precision,
  readModelDirectory,
  type Tower,
} from './model-directory.ts';
import { type Device, findGpu, sessionOn } from './onnx-device.ts';
import type { OnnxSession } from './onnx-session.ts';
import { openLastingSession } from './lasting-session.ts';
import { createTextTower, type TextTower } from './text-tower.ts';

export interface OnnxEncoderOptions {
  /** The model: a directory with a `model.json`. */
  readonly directory: string;
  /** Threads of one run on the CPU, for texts and for images each. Left out: the cores, at most 8. */
  readonly threads?: number;
  /**
   * `cuda` runs there or fails; `auto` (the default) runs there when a GPU is found, and on the CPU
   * with a loud line in the log when it is found but does not work.
   */
  readonly device?: 'auto' | Device;
  /** Left out: fp16 on a GPU where the model has it, else fp32. */
  readonly precision?: Precision | undefined;
  readonly logger?: Pick<Logger, 'info' | 'error'>;
  /** Whether this machine has a GPU. Left out: looked for. */
  readonly gpu?: boolean;
}

/**
 * A model's two towers on ONNX Runtime: one session each for the life of the process, each in a
 * thread of its own, so that a query waits neither for a bulk of pictures nor the other way round,
 * and the event loop for none of them. Resolves when a first text and a first picture have been
 * encoded. Fails with `invalid_model`, and with `encoder_unavailable` where `cuda` was asked for and
 * does not run.
 */
export async function createOnnxEncoder(options: OnnxEncoderOptions): Async<Encoder> {
  const { device = 'auto', precision, logger, gpu = findGpu() } = options;
  const directory = await readModelDirectory(options.directory);
  if (!directory.ok) return directory;
  const { id, variants } = directory.value.manifest;
  if (precision !== undefined && precision !== 'fp32' && !variants[precision]) {
    return err(noPrecision(id, precision));
  }
  if (device === 'cpu' || (device === 'auto' && !gpu)) return open(directory.value, 'cpu', options);
  const onGpu = await open(directory.value, 'cuda', options);
  if (onGpu.ok) return onGpu;
  const why = onGpu.error.cause instanceof Error ? onGpu.error.cause.message : onGpu.error.detail;
  const detail = `Cannot encode on the GPU as CUDA does not run the model (FORCE_CPU=true runs it on the CPU): ${why}`;
  const failed = failure('encoder_unavailable', detail, { cause: onGpu.error });
  if (device === 'cuda') return err(failed);
  logger?.error(
    { code: failed.code, err: onGpu.error.cause },
    `${detail}; going on WITHOUT the GPU`,
  );
  return open(directory.value, 'cpu', options);
}

async function open(
  directory: ModelDirectory,
  device: Device,
  { threads = Math.min(availableParallelism(), 8), precision, logger }: OnnxEncoderOptions,
): Async<Encoder> {
  const chosen = precision ?? (device === 'cuda' ? 'fp16' : 'fp32');
  const openTower = (tower: Tower) =>
    openLastingSession({
      onEnded: () => logger?.error({ tower }, 'A session has died and is opened again'),
      path: directory.graphOf(tower, chosen),
      ...sessionOn(device, tower, threads),
    });
  const [text, image] = await Promise.all([openTower('text'), openTower('image')]);
  const encoder = text.ok
    ? image.ok
      ? await connect(directory, device, text.value, image.value)
      : image
    : text;
  if (!encoder.ok) await closeAll([text, image]);
  else
    logger?.info({ model: encoder.value.model, precision: chosen, threads }, 'The encoder is warm');
  return encoder;
}

async function connect(
  directory: ModelDirectory,
  device: Device,
  text: OnnxSession,
  image: OnnxSession,
): Async<Encoder> {
  const texts = await createTextTower(directory, text, device);
  if (!texts.ok) return texts;
  const images = createImageTower(directory, image);
  if (!images.ok) return images;
  const unfit = await warmUp(texts.value, images.value, directory);
  if (unfit) return err(unfit);
  const { id, dimensions, contextLength, calibration } = directory.manifest;
  return ok({
    model: { id, revision: directory.revision, dimensions, contextLength, device, calibration },
    encodeTexts: texts.value.encode,
    encodeImages: images.value.encode,
    close: () => closeAll([ok(text), ok(image)]),
  });
}

async function closeAll(sessions: readonly Result<OnnxSession, Failure>[]): Promise<void> {
  await Promise.all(sessions.map((session) => (session.ok ? session.value.close() : undefined)));
}

function noPrecision(id: string, precision: Precision): Failure {
  const detail = `Cannot load the model as it has no ${precision} files (npm run models -- pull ${id} --precision ${precision}): ${id}`;
  return failure('invalid_model', detail);
}

/** Encodes one text and one picture, and so finds a model that loads but does not work. */
async function warmUp(
  texts: TextTower,
  images: ImageTower,
  directory: ModelDirectory,
): Promise<Failure | undefined> {
  const background = '#f0d0a0';
  const picture = sharp({ create: { width: 64, height: 64, channels: 3, background } });
  const [text, image] = await Promise.all([
    texts.encode(['a dog playing in the snow']),
    images.encode([await picture.png().toBuffer()]),
  ]);
  const first = image.ok ? image.value[0] : image;
  const failed = [text, first].find((one) => one?.ok === false);
  if (!failed || failed.ok) return undefined;
  const detail = `Cannot load the model as a first text or picture cannot be encoded; pull the model again: ${directory.manifest.id}`;
  return failure('invalid_model', detail, { cause: failed.error.cause ?? failed.error });
}
