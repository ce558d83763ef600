import { abortFailure, type Async, type Failure, failure } from '../core/failure.ts';
import type { EncodedImage } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createGate } from '../core/gate.ts';
import { type ImageGraph, readImageGraph } from './image-graph.ts';
import type { ModelDirectory, ModelManifest } from './model-directory.ts';
import type { Feed, OnnxSession } from './onnx-session.ts';
import { type PictureBatch, readPictures } from './picture-batch.ts';
import type { PictureSize } from './picture-decoder.ts';
import { createPixelReader } from './pixels.ts';
import { toUnitVectors } from './unit-vectors.ts';

const limits = { picturesPerRun: 32, callsAtATime: 4, callsWaiting: 64 } as const;

export interface ImageTower {
  encode(
    images: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Async<Result<EncodedImage, Failure>[]>;
}

/** Fails with `invalid_model`. */
export function createImageTower(
  { manifest }: ModelDirectory,
  session: OnnxSession,
): Result<ImageTower, Failure> {
  const graph = readImageGraph(session, manifest);
  if (!graph.ok) {
    const detail = `Cannot load the model as ${graph.error}; export it again: ${manifest.id}`;
    return err(failure('invalid_model', detail));
  }
  const reader = createPixelReader(manifest.pixels);
  const run = createRun(session, graph.value, manifest);
  const { fixedBatch } = graph.value;
  const perRun = fixedBatch ?? limits.picturesPerRun;
  const calls = createGate({ capacity: limits.callsAtATime, maxWaiting: limits.callsWaiting });

  async function encode(
    images: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Async<Result<EncodedImage, Failure>[]> {
    const results: Result<EncodedImage, Failure>[] = [];
    const decode = (start: number): Promise<PictureBatch> =>
      readPictures(reader, images.slice(start, start + perRun), { rows: fixedBatch, signal });
    let decoding = decode(0);
    for (let start = 0; start < images.length; start += perRun) {
      const decoded = await decoding;
      if (signal?.aborted) return err(abortFailure(signal));
      // The next pictures are decoded while these are encoded.
      decoding = decode(start + perRun);
      const encoded = await run(decoded, signal);
      if (!encoded.ok) return encoded;
      results.push(...encoded.value);
    }
    return ok(results);
  }

  return ok({ encode: (images, signal) => calls.run(1, () => encode(images, signal), signal) });
}

type Run = (
  batch: PictureBatch,
  signal?: AbortSignal,
) => Async<readonly Result<EncodedImage, Failure>[]>;

function createRun(session: OnnxSession, graph: ImageGraph, manifest: ModelManifest): Run {
  const { dimensions, pixels: recipe, pooling } = manifest;
  const picture = [3, recipe.size, recipe.size];
  return async ({ sizes, pixels, slotLength, readable }, signal) => {
    if (readable === 0) return ok(sizes.filter((size) => !size.ok));
    const rows = graph.fixedBatch ?? readable;
    const data = new Float32Array(pixels.buffer, 0, rows * slotLength);
    const feed: Feed = {
      name: graph.input,
      type: graph.type,
      data: graph.type === 'float16' ? Float16Array.from(data) : data,
      shape: [rows, ...picture],
    };
    const output = await session.run([feed], graph.output, signal);
    if (!output.ok) return output;
    const vectors = toUnitVectors(output.value, dimensions, (_, count) =>
      pooling.image === 'first' ? { from: 0, to: 1 } : { from: 0, to: count },
    ).values();
    return ok(
      sizes.map((size) => {
        if (!size.ok) return size;
        const vector = vectors.next().value;
        return vector ? ok({ vector, ...size.value }) : err(noVector(size.value));
      }),
    );
  };
}

function noVector({ width, height }: PictureSize): Failure {
  const detail = `Cannot encode the picture as the model gave no finite vector for it: ${width} x ${height}`;
  return failure('image_corrupt', detail);
}
