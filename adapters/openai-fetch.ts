/** An answer of more bytes is none that was asked for. */
const maxAnswerBytes = 1_000_000;
/** Whoever is to come back later than that is not waited for: nobody would be there any more. */
const maxRetryWaitMs = 1500;

/** The answer went on and on, and was cut off. */
export const tooLongName = 'AnswerTooLongError';

/**
 * `fetch` for a client that reads whatever comes: answers have an end, and a long `Retry-After` is
 * no reason to wait.
 */
export async function boundedFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const response = await fetch(input, init);
  const headers = new Headers(response.headers);
  // The client obeys it.
  if (retryWaitMs(headers) > maxRetryWaitMs) headers.set('x-should-retry', 'false');
  const { status, statusText } = response;
  const body = response.body?.pipeThrough(createByteBound(maxAnswerBytes)) ?? null;
  return new Response(body, { status, statusText, headers });
}

/** 0 where nothing is said. */
function retryWaitMs(headers: Headers): number {
  const said = headers.get('retry-after');
  if (said === null) return 0;
  const seconds = Number(said);
  return Number.isNaN(seconds) ? Infinity : seconds * 1000;
}

function createByteBound(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) return controller.enqueue(chunk);
      const error = new Error(`The answer has more than ${maxBytes} bytes`);
      error.name = tooLongName;
      return controller.error(error);
    },
  });
}
