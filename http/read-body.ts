import type { Context } from 'hono';
import { abortFailure, type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

/** The bytes of bodies that are in memory at the same time, over all requests. */
export interface BodyMemory {
  /** False when there is no room for them. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function createBodyMemory(maxBytes: number): BodyMemory {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > maxBytes) return false;
      taken += bytes;
      return true;
    },
    giveBack(bytes) {
      taken -= bytes;
    },
  };
}

export interface BodyOptions {
  /** The one content type that is read. */
  readonly type: string;
  readonly maxBytes: number;
  readonly memory: BodyMemory;
  /** Ends the wait for a body that does not come. */
  readonly signal: AbortSignal;
}

/**
 * Reads a body bit by bit, and works on what it held. Its bytes are counted in `memory` until the
 * work is done. Fails with `unsupported_media_type`, `body_too_large`, `overloaded`, `timeout` and
 * `cancelled`, and with what `onChunk` or the work fails with; the rest is then not read.
 */
export async function withBody<T>(
  c: Context,
  { type, maxBytes, memory, signal }: BodyOptions,
  onChunk: (chunk: Uint8Array) => Failure | undefined,
  work: () => Async<T>,
): Async<T> {
  const given = c.req.header('content-type') ?? '';
  if (given.split(';', 1)[0]?.trim().toLowerCase() !== type) {
    const detail = `Cannot read the body as its content-type is not ${type}: ${given === '' ? '(none)' : given.slice(0, 100)}`;
    return err(failure('unsupported_media_type', detail));
  }
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) return err(tooLarge(maxBytes));
  let bytes = 0;
  const take = (chunk: Uint8Array): Failure | undefined => {
    if (bytes + chunk.length > maxBytes) return tooLarge(maxBytes);
    if (!memory.take(chunk.length)) return noMemory();
    bytes += chunk.length;
    return onChunk(chunk);
  };
  try {
    const failed = await readChunks(c.req.raw.body, signal, take).catch(connectionBroke);
    return failed ? err(failed) : await work();
  } finally {
    memory.giveBack(bytes);
  }
}

/**
 * Hands on every chunk until the stream ends, the signal fires or `onChunk` gives a failure. Throws
 * when the stream breaks.
 */
export async function readChunks(
  stream: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
  onChunk: (chunk: Uint8Array) => Failure | undefined,
): Promise<Failure | undefined> {
  if (signal.aborted) return abortFailure(signal);
  const reader = stream?.getReader();
  if (!reader) return undefined;
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) return abortFailure(signal);
      if (done) return undefined;
      const failed = onChunk(value);
      if (!failed) continue;
      stop();
      return failed;
    }
  } catch (cause) {
    if (signal.aborted) return abortFailure(signal);
    throw cause;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** All of a stream as text; `tooLong` as soon as it proves to be that, and the rest is not read. */
export async function readText(
  stream: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
  { maxBytes, tooLong }: { readonly maxBytes: number; readonly tooLong: Failure },
): Async<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const failed = await readChunks(stream, signal, (chunk) => {
    bytes += chunk.length;
    if (bytes > maxBytes) return tooLong;
    text += decoder.decode(chunk, { stream: true });
    return undefined;
  });
  return failed ? err(failed) : ok(text + decoder.decode());
}

/** The value of a JSON text. Fails with `not_json`. */
export function parseJson(text: string): Result<unknown, Failure> {
  try {
    return ok(JSON.parse(text));
  } catch (cause) {
    const detail = `Cannot read the body as it is not valid JSON: ${cause instanceof Error ? cause.message : ''}`;
    return err(failure('not_json', detail, { cause }));
  }
}

export function connectionBroke(cause: unknown): Failure {
  return failure('cancelled', 'Cannot read the body as the connection broke', { cause });
}

export function tooLarge(maxBytes: number): Failure {
  return failure('body_too_large', `Cannot read the body as it is over ${maxBytes} bytes`);
}

export function noMemory(): Failure {
  const detail = 'Cannot read the body as others take all the memory there is for bodies';
  return failure('overloaded', detail, { retryAfterSeconds: 1 });
}
