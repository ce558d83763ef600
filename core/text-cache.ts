import { canonicalText } from './canonical-text.ts';
import { abortFailure, type Async } from './failure.ts';
import { createFlights } from './flights.ts';
import { createLru } from './lru.ts';
import type { EncodedText, Encoder } from './ports.ts';
import { err, ok } from './result.ts';

export interface TextCacheOptions {
  /**
   * Texts whose vectors are kept. 10,000 vectors of 1,024 dimensions are 41 MB, and the texts at
   * most 20 MB, at 512 characters each.
   */
  readonly capacity?: number;
  /** Called for every text: a hit costs no encode, as it is kept or being encoded already. */
  readonly onLookup?: (hit: boolean) => void;
}

/** A call for more texts than this is a bulk: a call of its own, that nobody else waits for. */
const maxShared = 32;

/**
 * Keeps the vectors of texts, by canonical text: the same words with other filters cost no encode.
 * The model is no part of the key, as an encoder has one model for life, and a cache one encoder.
 *
 * What is encoded is the canonical form, so that a kept vector does not depend on who asked first.
 * That loses nothing where the tokenizer folds case or the model was trained on lower case, as
 * those of CLIP, OpenCLIP and SigLIP; for a model that reads "Turkey" and "turkey" as two words
 * this wrapper is wrong.
 *
 * A text that several ask for at once is encoded once, for as long as one of them waits. Texts are
 * asked for one by one, so the wrapped encoder should batch them. Failures are not kept. Every
 * caller gets vectors of its own, to change as it likes.
 */
export function withTextCache(encoder: Encoder, options: TextCacheOptions = {}): Encoder {
  const { capacity = 10_000, onLookup = () => {} } = options;
  const kept = createLru<EncodedText>(capacity);
  // A copy: what the encoder gives may be a view of the memory of its whole run.
  const encoding = createEncoding(encoder, (text, encoded) => kept.set(text, copyOf(encoded)));
  let closed = false;

  /** By text; `undefined` where it has to be encoded. */
  function lookUp(texts: readonly string[]): Map<string, EncodedText | undefined> {
    const found = new Map<string, EncodedText | undefined>();
    for (const text of texts) {
      const known = found.get(text) ?? kept.get(text);
      onLookup(known !== undefined || found.has(text) || encoding.isUnderWay(text));
      found.set(text, known);
    }
    return found;
  }

  return {
    model: encoder.model,
    async encodeTexts(asked, signal) {
      // The encoder itself says that it is closed.
      if (closed) return encoder.encodeTexts(asked, signal);
      if (signal?.aborted) return err(abortFailure(signal));
      const texts = asked.map(canonicalText);
      const found = lookUp(texts);
      const missing = [...found.keys()].filter((text) => found.get(text) === undefined);
      const encoded = await encoding.encode(missing, signal);
      if (!encoded.ok) return encoded;
      for (const [place, text] of missing.entries()) found.set(text, encoded.value[place]);
      return ok(texts.flatMap((text) => found.get(text) ?? []).map(copyOf));
    },
    encodeImages: (images, signal) => encoder.encodeImages(images, signal),
    close() {
      closed = true;
      kept.clear();
      return encoder.close();
    },
  };
}

/** Encodes canonical texts, each once at a time unless it is part of a bulk. */
function createEncoding(encoder: Encoder, keep: (text: string, encoded: EncodedText) => void) {
  const flights = createFlights<EncodedText[]>();

  async function encodeTogether(
    texts: readonly string[],
    signal?: AbortSignal,
  ): Async<EncodedText[]> {
    const encoded = await encoder.encodeTexts(texts, signal);
    if (!encoded.ok) return encoded;
    if (encoded.value.length !== texts.length) throw new Error('The encoder left out a text');
    for (const [place, one] of encoded.value.entries()) keep(texts[place] ?? '', one);
    return encoded;
  }

  async function encodeOneByOne(
    texts: readonly string[],
    signal?: AbortSignal,
  ): Async<EncodedText[]> {
    const results = await Promise.all(
      texts.map((text) => flights.join(text, (ended) => encodeTogether([text], ended), signal)),
    );
    const failed = results.find((result) => !result.ok);
    return failed ?? ok(results.flatMap((result) => (result.ok ? result.value : [])));
  }

  return {
    isUnderWay: (text: string) => flights.has(text),
    encode: (texts: readonly string[], signal?: AbortSignal) =>
      texts.length > maxShared ? encodeTogether(texts, signal) : encodeOneByOne(texts, signal),
  };
}

function copyOf(text: EncodedText): EncodedText {
  return { ...text, vector: text.vector.slice() };
}
