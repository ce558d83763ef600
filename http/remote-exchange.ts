import http, { type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { urlToHttpOptions } from 'node:url';

/** One request and what became of it, over connections that are kept. */
export interface Exchange {
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  /** Ends it, and the work at the other end with it. Without effect once it has ended. */
  cancel(): void;
}

export type Ended =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly text: string;
    }
  /** Refused, lost, or closed before there was a whole answer. */
  | {
      readonly kind: 'lost';
      readonly cause: Error;
      /** On a connection that had been used before: it may have ended long ago. */
      readonly reused: boolean;
    }
  /** Cut off, as it was longer than any answer is. */
  | { readonly kind: 'endless' };

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL, with a slash in front. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  /** Where its answer may be longer than others. */
  readonly maxAnswerBytes?: number;
}

export interface Exchanges {
  start(request: ExchangeRequest): Exchange;
  /** Gives up the connections that nobody uses now: the next request opens one. */
  forgetIdle(): void;
  close(): void;
}

export interface ExchangesOptions {
  /** Such as `http://service:8000`; a path in it goes before every path that is asked for. */
  readonly baseUrl: string;
  /**
   * How long a connection may be idle. Less than at the other end, or a request meets a connection
   * that is being closed: the service keeps them for 75 s, load balancers for 60 s.
   */
  readonly maxIdleMs?: number;
  readonly maxAnswerBytes?: number;
}

const json = { 'content-type': 'application/json' };

/**
 * HTTP by `node:http`, not by `fetch`: half of its time and a third of its CPU time per request, and
 * a process that has just started need not load undici first. See docs/benchmarks.md.
 */
export function createExchanges(options: ExchangesOptions): Exchanges {
  const { maxIdleMs = 50_000, maxAnswerBytes = 16 * 1024 * 1024 } = options;
  const url = new URL(options.baseUrl);
  const base = urlToHttpOptions(url);
  const prefix = url.pathname.replace(/\/+$/, '');
  // TLS takes 10 ms to load, and within a network there often is none.
  const vendor = url.protocol === 'https:' ? process.getBuiltinModule('node:https') : http;
  const agent = new vendor.Agent({ keepAlive: true, timeout: maxIdleMs });
  // By the time of day: that goes on while a Lambda is frozen, and timers do not.
  let lastUsedMs = Date.now();

  return {
    start({ method, path, headers, body, maxAnswerBytes: most = maxAnswerBytes }) {
      if (Date.now() - lastUsedMs > maxIdleMs) forgetIdle(agent);
      lastUsedMs = Date.now();
      const own = body === undefined ? {} : { ...json, 'content-length': Buffer.byteLength(body) };
      const request = vendor.request({
        ...base,
        agent,
        method,
        path: prefix + path,
        headers: { ...headers, ...own },
      });
      const ended = endOf(request, most);
      request.end(body);
      return { ended, cancel: () => void request.destroy() };
    },
    forgetIdle: () => forgetIdle(agent),
    close: () => agent.destroy(),
  };
}

function forgetIdle({ freeSockets }: Agent): void {
  for (const sockets of Object.values(freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

function endOf(request: http.ClientRequest, maxBytes: number): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const lose = (cause: Error): void =>
    resolve({ kind: 'lost', cause, reused: request.reusedSocket });
  const early = (): void => lose(new Error('The connection ended before the answer did'));
  request.on('error', lose).once('close', early);
  request.once('response', (response: IncomingMessage) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('error', lose).once('close', early);
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= maxBytes) return;
      chunks.length = 0;
      resolve({ kind: 'endless' });
      request.destroy();
    });
    response.once('end', () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ kind: 'answered', status, headers, text: Buffer.concat(chunks).toString() });
    });
  });
  return promise;
}
