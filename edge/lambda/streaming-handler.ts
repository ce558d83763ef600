import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Hono } from 'hono';
import type { LambdaContext, LambdaEvent } from 'hono/aws-lambda';
import { createAnswering } from './handler.ts';

type Context = Pick<LambdaContext, 'getRemainingTimeInMillis'>;

type Streaming = (event: LambdaEvent, out: Writable, context: Context) => Promise<void>;

/** What the runtime of Lambda offers for answers that are streamed. */
export interface LambdaStreaming {
  /** Marks a handler as one that writes its answer. */
  streamifyResponse(handler: Streaming): Streaming;
  readonly HttpResponseStream: {
    /** The body of an answer with this status and these headers. */
    from(
      out: Writable,
      head: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> },
    ): Writable;
  };
}

/** The runtime's own, which it keeps in a global; `undefined` elsewhere. */
export function lambdaStreaming(): LambdaStreaming | undefined {
  const { awslambda } = globalThis as { readonly awslambda?: unknown };
  const streaming = awslambda as Partial<LambdaStreaming> | undefined;
  // Elsewhere the SDK of AWS leaves an empty one there.
  return streaming?.streamifyResponse && (streaming as LambdaStreaming);
}

/**
 * The app as a Lambda function that writes its answer while it comes together, for function URLs in
 * the mode `RESPONSE_STREAM`: a stream of events is one there, and every other answer comes as it
 * would from the buffered handler. Metrics and traces are sent when all of it is written.
 *
 * @param streaming Left out where nobody streams: the handler then says so when it is called.
 */
export function createStreamingHandler(
  app: Hono,
  flush: () => Promise<void>,
  streaming: LambdaStreaming | undefined,
): Streaming {
  if (streaming === undefined) return refuse;
  const { streamifyResponse, HttpResponseStream } = streaming;
  const answer = createAnswering<Context & { readonly out: Writable }>(
    app,
    async (response, { out }) => {
      const headers = Object.fromEntries(response.headers);
      await write(response, HttpResponseStream.from(out, { statusCode: response.status, headers }));
      return new Response(null);
    },
  );
  return streamifyResponse(async (event, out, context) => {
    try {
      const getRemainingTimeInMillis = () => context.getRemainingTimeInMillis();
      await answer(event, { getRemainingTimeInMillis, out });
    } finally {
      await flush();
    }
  });
}

async function write({ body }: Response, out: Writable): Promise<void> {
  // Without a first byte the runtime sends no head either.
  if (body === null) return void (await pipeline([''], out));
  // Whoever left is no failure of the function; the app hears of it as its body is cancelled.
  await pipeline(body, out).catch((error: unknown) => {
    if (!out.destroyed) throw error;
  });
}

async function refuse(): Promise<void> {
  throw new Error('Cannot stream an answer as this is no runtime of Lambda for Node.js');
}
