import { createHash } from 'node:crypto';
import { PixelRecipe } from '../../adapters/model-directory.ts';
import { createPixelReader } from '../../adapters/pixels.ts';
import { abortFailure, type Failure, failure } from '../../core/failure.ts';
import type { Vector } from '../../core/model.ts';
import type { EncodedImage, Encoder, ModelInfo } from '../../core/ports.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { colours } from './images.ts';

const side = 4;

/**
 * An encoder without a model, the same in every run: a text is the sum of its words, a picture the
 * word for its mean colour (red, green, blue, yellow, white, black) and a little of the colour
 * itself. So "a red car" finds red pictures.
 */
export function createFakeEncoder(model: Partial<ModelInfo> = {}): Encoder {
  const info = {
    id: 'fake',
    revision: '1',
    dimensions: 64,
    contextLength: 16,
    device: 'cpu',
    ...model,
  };
  const reader = createPixelReader(
    PixelRecipe.parse({ size: side, mean: [0, 0, 0], std: [1, 1, 1] }),
  );
  let closed = false;

  function refuse(signal?: AbortSignal): Failure | undefined {
    if (signal?.aborted) return abortFailure(signal);
    const detail = 'Cannot encode as the encoder is closed: close() was called';
    return closed ? failure('encoder_unavailable', detail) : undefined;
  }

  async function encodeImage(
    image: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Result<EncodedImage, Failure>> {
    const slot = new Float32Array(reader.slotLength);
    const size = await reader.read(image, slot, signal);
    if (!size.ok) return size;
    const [red, green, blue] = [0, 1, 2].map((channel) => meanOf(slot, channel) * 255);
    const colour = [red ?? 0, green ?? 0, blue ?? 0];
    const vector = wordVector(nearestColour(colour), info.dimensions);
    for (const [channel, value] of colour.entries())
      vector[channel] = (vector[channel] ?? 0) + value / 2000;
    return ok({ vector: unit(vector), ...size.value });
  }

  return {
    model: info,
    async encodeTexts(texts, signal) {
      const refused = refuse(signal);
      if (refused) return err(refused);
      return ok(
        texts.map((text) => {
          const words = text.toLowerCase().match(/\S+/gu) ?? [''];
          const read = words.slice(0, info.contextLength);
          const vector = sum(read.map((word) => wordVector(word, info.dimensions)));
          return { vector: unit(vector), truncated: words.length > read.length };
        }),
      );
    },
    async encodeImages(images, signal) {
      const refused = refuse(signal);
      if (refused) return err(refused);
      const encoded = await Promise.all(images.map((image) => encodeImage(image, signal)));
      return signal?.aborted ? err(abortFailure(signal)) : ok(encoded);
    },
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
}

/** Numbers from -1 to 1 that depend on nothing but the word. */
function wordVector(word: string, dimensions: number): Vector {
  return Float32Array.from({ length: dimensions }, (_, place) => {
    const hash = createHash('md5')
      .update(`${Math.floor(place / 16)} ${word}`)
      .digest();
    return (hash[place % 16] ?? 0) / 127.5 - 1;
  });
}

function nearestColour(colour: readonly number[]): string {
  const distances = Object.entries(colours).map(([name, other]) => ({
    name,
    distance: Math.hypot(...other.map((value, channel) => value - (colour[channel] ?? 0))),
  }));
  return distances.toSorted((a, b) => a.distance - b.distance)[0]?.name ?? '';
}

function meanOf(slot: Float32Array, channel: number): number {
  const plane = slot.subarray(channel * side * side, (channel + 1) * side * side);
  return plane.reduce((total, value) => total + value, 0) / plane.length;
}

function sum(vectors: readonly Vector[]): Vector {
  const total = Float32Array.from(vectors[0] ?? []);
  for (const vector of vectors.slice(1)) {
    for (const [place, value] of vector.entries()) total[place] = (total[place] ?? 0) + value;
  }
  return total;
}

function unit(vector: Vector): Vector {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
