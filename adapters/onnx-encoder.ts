import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import sharp from 'sharp';
import { type Async, type Failure, failure } from '../core/failure.ts';
import type { Encoder } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createImageTower, type ImageTower } from './image-tower.ts';
import { type ModelDirectory, readModelDirectory } from './model-directory.ts';
import { type OnnxSession, openOnnxSession } from './onnx-session.ts';
import { createTextTower, type TextTower } from './text-tower.ts';

export interface OnnxEncoderOptions {
  /** The model: a directory with a `model.json`. */
  readonly directory: string;
  /** Threads of one run, for texts and for images each. Left out: the cores, at most 8. */
  readonly threads?: number;
}

/**
 * A model's two towers on ONNX Runtime, on the CPU: one session each for the life of the process,
 * each in a thread of its own, so that a query waits neither for a bulk of pictures nor the other
 * way round, and the event loop for none of them. Resolves when a first text and a first picture
 * have been encoded. Fails with `invalid_model`.
 */
export async function createOnnxEncoder(options: OnnxEncoderOptions): Async<Encoder> {
  const directory = await readModelDirectory(options.directory);
  if (!directory.ok) return directory;
  const { pathOf } = directory.value;
  const settings = sessionOptions(options.threads ?? Math.min(availableParallelism(), 8));
  const [text, image] = await Promise.all([
    openOnnxSession({ path: pathOf('text'), options: settings }),
    openOnnxSession({ path: pathOf('image'), options: settings, background: true }),
  ]);
  const encoder = text.ok
    ? image.ok
      ? await connect(directory.value, text.value, image.value)
      : image
    : text;
  if (!encoder.ok) await closeAll([text, image]);
  return encoder;
}

async function connect(
  directory: ModelDirectory,
  text: OnnxSession,
  image: OnnxSession,
): Async<Encoder> {
  const texts = await createTextTower(directory, text);
  if (!texts.ok) return texts;
  const images = createImageTower(directory, image);
  if (!images.ok) return images;
  const unfit = await warmUp(texts.value, images.value, directory);
  if (unfit) return err(unfit);
  const { id, dimensions, contextLength } = directory.manifest;
  return ok({
    model: { id, revision: directory.revision, dimensions, contextLength, device: 'cpu' },
    encodeTexts: texts.value.encode,
    encodeImages: images.value.encode,
    close: () => closeAll([ok(text), ok(image)]),
  });
}

async function closeAll(sessions: readonly Result<OnnxSession, Failure>[]): Promise<void> {
  await Promise.all(sessions.map((session) => (session.ok ? session.value.close() : undefined)));
}

function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    // Threads that spin for their next task win half a millisecond and hold a core for it.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
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
