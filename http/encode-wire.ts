import * as z from 'zod';
import { type Failure, failure, type FailureCode, failures } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { EncodedImage, EncodedText, ModelInfo } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';

/** What one request to an encoder over HTTP may hold. */
export const encodeLimits = {
  texts: 256,
  textCharacters: 8192,
  /** All of these, each character in its longest form (`\u0000`), and the commas between them. */
  textBodyBytes: 16 * 1024 * 1024,
  images: 64,
  imageBodyBytes: 128 * 1024 * 1024,
} as const;

/** The body of `POST /encode/texts`. Texts may be empty and need not be valid Unicode. */
export const TextsRequest = z.strictObject({
  texts: z.array(z.string().max(encodeLimits.textCharacters)).max(encodeLimits.texts),
});

const Model = z.object({
  id: z.string(),
  revision: z.string(),
  dimensions: z.int().min(1),
  contextLength: z.int().min(1),
  device: z.string(),
  calibration: z.object({ slope: z.number(), middle: z.number() }).optional(),
}) satisfies z.ZodType<ModelInfo>;

/** Base64 of little-endian float32: exact, and about half of what the digits would take. */
const WireVector = z.string();

const WireText = z.object({ vector: WireVector, truncated: z.boolean() });
const WireImage = z.object({ vector: WireVector, width: z.int(), height: z.int() });
const WireFailure = z.object({
  failure: z.object({
    code: z.string().refine((code): code is FailureCode => Object.hasOwn(failures, code)),
    detail: z.string(),
  }),
});

// Every answer says which model made it: the service may have been restarted with another.
const TextsAnswer = z.object({ model: Model, texts: z.array(WireText) });
const ImagesAnswer = z.object({ model: Model, images: z.array(z.union([WireImage, WireFailure])) });

/** Vectors, as long as `model` says, and the model that made them. */
export interface Answer<Encoded> {
  readonly model: ModelInfo;
  readonly encoded: readonly Encoded[];
}

export function writeTexts({ model, encoded }: Answer<EncodedText>): z.input<typeof TextsAnswer> {
  return { model, texts: encoded.map((text) => ({ ...text, vector: writeVector(text.vector) })) };
}

export function writeImages({
  model,
  encoded,
}: Answer<Result<EncodedImage, Failure>>): z.input<typeof ImagesAnswer> {
  const images = encoded.map((image) => {
    if (image.ok) return { ...image.value, vector: writeVector(image.value.vector) };
    const { code, detail } = image.error;
    return { failure: { code, detail } };
  });
  return { model, images };
}

/** The answer of `GET /encode/model`; `undefined` when it is none. */
export function readModel(answer: unknown): ModelInfo | undefined {
  return Model.safeParse(answer).data;
}

/** `undefined` when it is no such answer, or a vector in it is none. */
export function readTexts(answer: unknown): Answer<EncodedText> | undefined {
  const { data } = TextsAnswer.safeParse(answer);
  if (!data) return undefined;
  const encoded: EncodedText[] = [];
  for (const text of data.texts) {
    const vector = readVector(text.vector, data.model);
    if (!vector) return undefined;
    encoded.push({ ...text, vector });
  }
  return { model: data.model, encoded };
}

/** `undefined` when it is no such answer, or a vector in it is none. */
export function readImages(answer: unknown): Answer<Result<EncodedImage, Failure>> | undefined {
  const { data } = ImagesAnswer.safeParse(answer);
  if (!data) return undefined;
  const encoded: Result<EncodedImage, Failure>[] = [];
  for (const image of data.images) {
    if ('failure' in image) {
      encoded.push(err(failure(image.failure.code, image.failure.detail)));
      continue;
    }
    const vector = readVector(image.vector, data.model);
    if (!vector) return undefined;
    encoded.push(ok({ ...image, vector }));
  }
  return { model: data.model, encoded };
}

// Wherever ONNX Runtime has a binding for Node, numbers are little-endian in memory too.
function writeVector({ buffer, byteOffset, byteLength }: Vector): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function readVector(written: string, { dimensions }: ModelInfo): Vector | undefined {
  const bytes = Buffer.from(written, 'base64');
  if (bytes.length !== dimensions * Float32Array.BYTES_PER_ELEMENT) return undefined;
  // Copied to where floats may begin.
  const vector = new Float32Array(new Uint8Array(bytes).buffer);
  return vector.every(Number.isFinite) ? vector : undefined;
}
