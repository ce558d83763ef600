import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';

export interface RunningServer {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /**
   * Takes no new connections, lets running requests end, and cuts those off that take too long.
   * Connections end with the answer that is next on them, and idle ones a moment later.
   */
  close(drainTimeoutMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly hostname: string;
  readonly port: number;
  /** How long a client may take to send a whole request; it has 20 s for the headers. */
  readonly requestTimeoutMs?: number;
  /** Connections at the same time; more are closed as soon as they come. */
  readonly maxConnections?: number;
}

/**
 * What was sent on an idle connection just before it is closed here would be lost. So it is kept so
 * long that what was on its way has come.
 */
const lingerMs = 500;

/** Serves an app over HTTP. Fails with `address_in_use`. */
export function listen(options: ListenOptions): Async<RunningServer> {
  const { fetch, hostname, port, requestTimeoutMs = 60_000, maxConnections = 4096 } = options;
  return new Promise((resolve, reject) => {
    const headersTimeout = Math.min(20_000, requestTimeoutMs);
    const serverOptions = {
      headersTimeout,
      requestTimeout: requestTimeoutMs,
      // Load balancers keep connections for a minute; whoever closes first must be them, or a request
      // meets a closed connection.
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: Math.min(5000, headersTimeout),
    };
    const server = serve({ fetch, hostname, port, serverOptions }, (info) => {
      resolve(ok({ port: info.port, close: (timeoutMs) => drain(server, responses, timeoutMs) }));
    }) as Server;
    const responses = trackResponses(server);
    server.maxConnections = maxConnections;
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE' && cause.code !== 'EACCES') return reject(cause);
      const why = cause.code === 'EACCES' ? 'it is not allowed to' : 'the port is taken';
      const detail = `Cannot listen as ${why} (set API_PORT to another): ${hostname}:${port}`;
      return resolve(err(failure('address_in_use', detail, { cause })));
    });
  });
}

interface Responses {
  /** From now on the connection of every answer ends with it. */
  closeConnections(): void;
}

function trackResponses(server: Server): Responses {
  const running = new Set<ServerResponse>();
  let closing = false;
  const endConnection = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
    if (closing) return endConnection(response);
    running.add(response);
    response.once('close', () => running.delete(response));
  });
  return {
    closeConnections() {
      closing = true;
      for (const response of running) endConnection(response);
    },
  };
}

async function drain(server: Server, responses: Responses, drainTimeoutMs: number): Promise<void> {
  const cutOff = setTimeout(() => server.closeAllConnections(), drainTimeoutMs);
  responses.closeConnections();
  // Not the method of the HTTP server, which closes idle connections at once.
  const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
  await Promise.race([
    closed,
    sleep(Math.min(lingerMs, drainTimeoutMs), undefined, { ref: false }),
  ]);
  // A connection that a client keeps open counts as idle only once its request has ended.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  // Ends the idle ones, and its own watch for slow clients.
  server.close();
  await closed;
  clearInterval(sweep);
  clearTimeout(cutOff);
}
