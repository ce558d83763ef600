import http from 'node:http';
import { createEventParser, type StreamEvent } from '../../web/event-stream.ts';

/** An answer that is read event by event, over a connection of its own. */
export interface EventReader {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The next event; `undefined` at the end. Rejects where the connection breaks. */
  next(): Promise<StreamEvent | undefined>;
  /** The name of the next event, and its data as a value. */
  nextValue(): Promise<readonly [name: string, value: unknown] | undefined>;
  /** All that is left, as it was sent. */
  rest(): Promise<string>;
  leave(): void;
}

export interface EventRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly method?: string;
}

/** Asks for events, and resolves with the head of the answer. */
export async function readEvents(url: string, asked: EventRequest = {}): Promise<EventReader> {
  const { body = { query: 'a dog', include_explanation: true }, method = 'POST' } = asked;
  const headers = {
    accept: 'text/event-stream',
    ...(method === 'POST' && { 'content-type': 'application/json' }),
    ...asked.headers,
  };
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.request(new URL(asked.path ?? '/search', url), { method, headers });
  request.once('response', resolve);
  request.once('error', reject);
  request.end(method === 'POST' ? JSON.stringify(body) : undefined);
  const response = await promise;
  response.setEncoding('utf8');
  const pieces: AsyncIterator<string> = response[Symbol.asyncIterator]();
  const parse = createEventParser();
  const events: StreamEvent[] = [];

  async function next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const event = events.shift();
      if (event) return event;
      const piece = await pieces.next();
      if (piece.done === true) return undefined;
      events.push(...parse(piece.value));
    }
  }

  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    next,
    async nextValue() {
      const event = await next();
      return event && [event.name, JSON.parse(event.data)];
    },
    async rest() {
      let text = '';
      for (;;) {
        const piece = await pieces.next();
        if (piece.done === true) return text;
        text += piece.value;
      }
    },
    leave: () => request.destroy(),
  };
}
