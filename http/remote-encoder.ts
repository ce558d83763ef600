import { inBatches } from '../core/batches.ts';
import { abortFailure, type Async, type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import type { EncodedImage, Encoder, ModelInfo } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { askInParts, type AskPart } from './ask-in-parts.ts';
import { type Answer, encodeLimits, readImages, readModel, readTexts } from './encode-wire.ts';
import { framesType, writeFrames } from './picture-frames.ts';
import { createAsk, type RemoteRequest, unavailable, urlBelow } from './remote-request.ts';

export interface RemoteEncoderOptions {
  /** Such as `http://gpu:8000`: a service with `createEncodeApp` in it. */
  readonly baseUrl: string;
  /**
   * How long one request may take, all its tries together; a call may need several requests. At
   * most 300,000: fetch itself waits no longer for an answer to begin.
   */
  readonly timeoutMs: number;
  /** Shown to the service with every request. */
  readonly secret?: string | undefined;
}

// Half of the pictures that a request may hold, as two are under way: one is sent and decoded while
// the other is encoded. 32 is also what the model takes in one run.
const textParts = { maxCount: encodeLimits.texts, maxWeight: Number.POSITIVE_INFINITY };
const imageParts = {
  maxCount: encodeLimits.images / 2,
  maxWeight: encodeLimits.imageBodyBytes / 2,
};

/**
 * An encoder in another process. Asks it for its model first, and fails with `encoder_unavailable`
 * or `timeout` where it gets none.
 *
 * Besides what every encoder fails with: `model_mismatch` when the service runs another model by
 * now, and `invalid_field` for a text of more than 8,192 characters.
 */
export async function createRemoteEncoder(options: RemoteEncoderOptions): Async<Encoder> {
  const closing = new AbortController();
  const ask = createAsk(options);
  const answered = await ask({ path: '/encode/model' }, closing.signal);
  if (!answered.ok) return answered;
  const model = readModel(answered.value);
  if (!model) {
    const url = urlBelow(options.baseUrl, '/encode/model');
    return err(unavailable(url, 'its answer is no model'));
  }

  const askFor =
    <Item, Encoded>(
      toRequest: (items: readonly Item[]) => RemoteRequest,
      read: (answer: unknown) => Answer<Encoded> | undefined,
    ): AskPart<Item, Encoded> =>
    async (items, signal) => {
      const request = toRequest(items);
      const given = await ask(request, signal);
      if (!given.ok) return given;
      const url = urlBelow(options.baseUrl, request.path);
      return checkAnswer(read(given.value), { model, count: items.length, url });
    };
  const askTexts = askFor(toTextsRequest, readTexts);
  const askImages = askFor(toImagesRequest, readImages);
  return ok({
    model,
    encodeTexts: (texts, signal) =>
      untilClosed(closing.signal, signal, async (either) =>
        askInParts(await split(texts, textParts, () => 0), askTexts, either),
      ),
    encodeImages: (images, signal) =>
      untilClosed(closing.signal, signal, (either) => encodeImages(images, askImages, either)),
    close: async () => closing.abort(),
  });
}

function toTextsRequest(texts: readonly string[]): RemoteRequest {
  const content = JSON.stringify({ texts });
  return { path: '/encode/texts', body: () => ({ type: 'application/json', content }) };
}

function toImagesRequest(images: readonly Uint8Array[]): RemoteRequest {
  const body = () => ({ type: framesType, content: ReadableStream.from(writeFrames(images)) });
  return { path: '/encode/images', body };
}

/** What the other end would refuse for its size is not even sent. */
async function encodeImages(
  images: readonly Uint8Array[],
  ask: AskPart<Uint8Array, Result<EncodedImage, Failure>>,
  signal: AbortSignal,
): Async<Result<EncodedImage, Failure>[]> {
  const fitting = images.filter((image) => image.length <= imageLimits.bytes);
  const parts = await split(fitting, imageParts, (image) => image.length);
  const encoded = await askInParts(parts, ask, signal);
  if (!encoded.ok || fitting.length === images.length) return encoded;
  const next = encoded.value.values();
  return ok(
    images.map((image) => {
      const result = image.length > imageLimits.bytes ? undefined : next.next().value;
      return result ?? err(tooLarge(image));
    }),
  );
}

function split<Item>(
  items: readonly Item[],
  limits: { readonly maxCount: number; readonly maxWeight: number },
  weightOf: (item: Item) => number,
): Promise<Item[][]> {
  return Array.fromAsync(inBatches(items, limits, weightOf));
}

function checkAnswer<Encoded>(
  answer: Answer<Encoded> | undefined,
  expected: { readonly model: ModelInfo; readonly count: number; readonly url: URL },
): Result<readonly Encoded[], Failure> {
  const { model, count, url } = expected;
  if (!answer) return err(unavailable(url, 'its answer is not that of an encoder'));
  if (signatureOf(answer.model) !== signatureOf(model)) {
    const detail = `Cannot encode as ${url.origin} runs another model since it was first asked (start again to go on with that): ${signatureOf(answer.model)}, not ${signatureOf(model)}`;
    return err(failure('model_mismatch', detail));
  }
  const { encoded } = answer;
  if (encoded.length === count) return ok(encoded);
  return err(unavailable(url, `it answered for ${encoded.length} instead of ${count}`));
}

function signatureOf({ id, revision, dimensions }: ModelInfo): string {
  return `${id} ${revision} (${dimensions} dimensions)`;
}

async function untilClosed<T>(
  closing: AbortSignal,
  signal: AbortSignal | undefined,
  work: (either: AbortSignal) => Async<T>,
): Async<T> {
  if (signal?.aborted) return err(abortFailure(signal));
  if (closing.aborted) return err(closed());
  const result = await work(signal ? AbortSignal.any([signal, closing]) : closing);
  return !result.ok && closing.aborted ? err(closed()) : result;
}

function closed(): Failure {
  const detail = 'Cannot encode as the encoder is closed: close() was called';
  return failure('encoder_unavailable', detail);
}

function tooLarge({ length }: Uint8Array): Failure {
  const detail = `Cannot read the picture as the file has more than ${imageLimits.bytes} bytes: ${length}`;
  return failure('image_too_large', detail);
}
