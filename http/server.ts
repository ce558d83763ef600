import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';

export interface RunningServer {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** Takes no new connections, lets running requests end, and cuts those off that take too long. */
  close(drainTimeoutMs: number): Promise<void>;
}

/** Serves an app over HTTP. Fails with `address_in_use`. */
export function listen(options: {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly hostname: string;
  readonly port: number;
}): Async<RunningServer> {
  const { fetch, hostname, port } = options;
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname, port }, (info) => {
      resolve(ok({ port: info.port, close: (timeoutMs) => close(server, timeoutMs) }));
    }) as Server;
    // Load balancers keep connections for a minute; whoever closes first must be them, or a request
    // meets a closed connection.
    server.keepAliveTimeout = 75_000;
    server.headersTimeout = 80_000;
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE' && cause.code !== 'EACCES') return reject(cause);
      const why = cause.code === 'EACCES' ? 'it is not allowed to' : 'the port is taken';
      const detail = `Cannot listen as ${why} (set API_PORT to another): ${hostname}:${port}`;
      return resolve(err(failure('address_in_use', detail, { cause })));
    });
  });
}

async function close(server: Server, drainTimeoutMs: number): Promise<void> {
  const cutOff = setTimeout(() => server.closeAllConnections(), drainTimeoutMs);
  // A connection that a client keeps open counts as idle only once its request has ended.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(sweep);
  clearTimeout(cutOff);
}
