/** The body of a `text/event-stream`, written event by event. */
export interface EventBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** @param json A JSON text, so that it has no line breaks. */
  send(name: string, json: string): void;
  /** Nothing more comes. */
  end(): void;
}

export interface EventBodyOptions {
  /** Is called when nobody reads any more. */
  readonly onLeave: () => void;
  /** Proxies close connections on which nothing comes, after half a minute or so. */
  readonly keepAliveMs?: number;
}

/** What is sent after the end, or after the reader left, is dropped. */
export function createEventBody({ onLeave, keepAliveMs = 10_000 }: EventBodyOptions): EventBody {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel() {
      stop();
      onLeave();
    },
  });
  const write = (text: string): void => controller?.enqueue(encoder.encode(text));
  const keepAlive = setInterval(() => {
    // Whoever does not read what was sent long ago needs no proof of life.
    if ((controller?.desiredSize ?? 0) > 0) write(': still here\n\n');
  }, keepAliveMs);
  keepAlive.unref();

  function stop(): void {
    clearInterval(keepAlive);
    controller = undefined;
  }

  return {
    stream,
    send: (name, json) => write(`event: ${name}\ndata: ${json}\n\n`),
    end() {
      controller?.close();
      stop();
    },
  };
}
