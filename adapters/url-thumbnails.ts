import { abortFailure, type Failure, failure } from '../core/failure.ts';
import type { Thumbnails } from '../core/llm.ts';
import { maxThumbnailBytes } from '../core/reranked-question.ts';
import { err, ok, type Result } from '../core/result.ts';

/** What vision models read. */
const types: ReadonlySet<string> = new Set(['image/webp', 'image/jpeg', 'image/png', 'image/gif']);

/**
 * Small versions from where pictures are shown, such as a CDN: by the addresses that results have, and
 * of those the ones below `base` alone. No other address is ever asked, and no other is led to.
 *
 * Fails with `image_elsewhere` for any other address, `not_found`, `image_too_large`, `not_an_image`,
 * `objects_unavailable`, `cancelled` and `timeout`.
 */
export function createUrlThumbnails(options: {
  /** `PICTURES_URL`: absolute. */
  readonly base: string;
  readonly deadlineMs?: number;
}): Thumbnails {
  const { base, deadlineMs = 2_000 } = options;
  const below = new URL(base.endsWith('/') ? base : `${base}/`);
  return {
    async of({ metadata }, signal) {
      const url = URL.parse(metadata.thumbnail_url ?? metadata.url);
      if (!url || !isBelow(url, below)) return err(elsewhere(below));
      if (signal.aborted) return err(abortFailure(signal));
      const limit = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
      try {
        return await read(url, limit);
      } catch (cause) {
        if (signal.aborted) return err(abortFailure(signal));
        const why = limit.aborted ? `nothing came in ${deadlineMs} ms` : 'it does not answer';
        const detail = `Cannot read the thumbnail as ${why}: ${url.origin}`;
        return err(failure('objects_unavailable', detail, { cause }));
      }
    },
  };
}

function isBelow(url: URL, base: URL): boolean {
  const isPlain = url.username === '' && url.password === '';
  return isPlain && url.origin === base.origin && url.pathname.startsWith(base.pathname);
}

async function read(url: URL, signal: AbortSignal): ReturnType<Thumbnails['of']> {
  const response = await fetch(url, { redirect: 'error', signal });
  const type = response.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
  const wrong = refusal(response, type);
  if (wrong) {
    await response.body?.cancel();
    return err(wrong);
  }
  const bytes = await readBounded(response.body ?? new ReadableStream());
  return bytes.ok ? ok({ bytes: bytes.value, type }) : bytes;
}

function refusal({ status, ok: isThere }: Response, type: string): Failure | undefined {
  const fail = (code: Failure['code'], why: string): Failure =>
    failure(code, `Cannot read the thumbnail as ${why}`);
  if (status === 404) return fail('not_found', 'it does not exist');
  if (!isThere) return fail('objects_unavailable', `the server says HTTP ${status}`);
  return types.has(type) ? undefined : fail('not_an_image', `it is of another type: ${type}`);
}

async function readBounded(body: ReadableStream<Uint8Array>): Promise<Result<Buffer, Failure>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length > maxThumbnailBytes) return err(tooLarge());
    chunks.push(chunk);
  }
  return ok(Buffer.concat(chunks, length));
}

function tooLarge(): Failure {
  const detail = `Cannot read the thumbnail as it is larger than ${maxThumbnailBytes} bytes`;
  return failure('image_too_large', detail);
}

function elsewhere({ href }: URL): Failure {
  return failure('image_elsewhere', `Cannot read the thumbnail as it is not below ${href}`);
}
