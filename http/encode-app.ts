import { type Context, Hono } from 'hono';
import { type Async } from '../core/failure.ts';
import type { Encoder, Logger } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { encodeLimits, TextsRequest, writeImages, writeTexts } from './encode-wire.ts';
import { refuseOtherMethods } from './middleware.ts';
import { parseFields } from './parse-request.ts';
import { createFrameReader, framesType } from './picture-frames.ts';
import { type BodyMemory, createBodyMemory, parseJson, withBody } from './read-body.ts';
import { respondAndLog } from './respond.ts';

export interface EncodeAppParts {
  readonly logger: Logger;
  /**
   * How long one request may take, the upload included. The caller has a deadline of its own, and
   * by leaving ends the work: this one only has to outlast the longest that any caller waits.
   */
  readonly timeoutMs: number;
  /** Bodies in memory at the same time, all together; beyond it `overloaded` is answered. */
  readonly maxBodyMemoryBytes?: number;
}

/**
 * An encoder over HTTP, for `createRemoteEncoder`: `/encode/model`, `/encode/texts` and
 * `/encode/images`. To be mounted by an app that gives every request its id and answers for bugs.
 */
export function createEncodeApp(encoder: Encoder, parts: EncodeAppParts): Hono {
  const memory = createBodyMemory(parts.maxBodyMemoryBytes ?? 4 * encodeLimits.imageBodyBytes);
  const app = new Hono();
  const answer = async (c: Context, encode: (signal: AbortSignal) => Async<object>) => {
    const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(parts.timeoutMs)]);
    const answered = await encode(signal);
    return answered.ok ? c.json(answered.value) : respondAndLog(c, parts.logger, answered.error);
  };

  app.get('/encode/model', (c) => c.json(encoder.model));
  app.all('/encode/model', refuseOtherMethods('GET, HEAD'));
  app.post('/encode/texts', (c) =>
    answer(c, (signal) => encodeTexts(c, { encoder, memory, signal })),
  );
  app.all('/encode/texts', refuseOtherMethods('POST'));
  app.post('/encode/images', (c) =>
    answer(c, (signal) => encodeImages(c, { encoder, memory, signal })),
  );
  app.all('/encode/images', refuseOtherMethods('POST'));
  return app;
}

interface Asked {
  readonly encoder: Encoder;
  readonly memory: BodyMemory;
  readonly signal: AbortSignal;
}

function encodeTexts(c: Context, { encoder, memory, signal }: Asked): Async<object> {
  const decoder = new TextDecoder();
  let json = '';
  const onChunk = (chunk: Uint8Array): undefined => {
    json += decoder.decode(chunk, { stream: true });
  };
  const options = { type: 'application/json', maxBytes: encodeLimits.textBodyBytes };
  return withBody(c, { ...options, memory, signal }, onChunk, async () => {
    const body = parseJson(json + decoder.decode());
    const request = body.ok ? parseFields(TextsRequest, body.value) : body;
    if (!request.ok) return request;
    const encoded = await encoder.encodeTexts(request.value.texts, signal);
    return encoded.ok ? ok(writeTexts({ model: encoder.model, encoded: encoded.value })) : encoded;
  });
}

function encodeImages(c: Context, { encoder, memory, signal }: Asked): Async<object> {
  const maxBytes = encodeLimits.imageBodyBytes;
  const frames = createFrameReader({ images: encodeLimits.images, bytes: maxBytes });
  const options = { type: framesType, maxBytes, memory, signal };
  return withBody(c, options, frames.add, async () => {
    const failed = frames.end();
    if (failed) return err(failed);
    const encoded = await encoder.encodeImages(frames.images, signal);
    return encoded.ok ? ok(writeImages({ model: encoder.model, encoded: encoded.value })) : encoded;
  });
}
