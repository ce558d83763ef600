import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

export interface QdrantListener {
  port(): number;
  /** On the port that it had before. */
  open(): Promise<void>;
  shut(): Promise<void>;
  breakAll(): void;
}

export interface TlsKeyPair {
  readonly key: string;
  readonly cert: string;
}

type Handler = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;

/** An HTTP/2 server that can be away for a while. */
export function createQdrantListener(handler: Handler, tls?: TlsKeyPair): QdrantListener {
  const sockets = new Set<Socket>();
  let server: http2.Http2Server | http2.Http2SecureServer | undefined;
  let port = 0;
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    port: () => port,
    breakAll,
    async open() {
      if (server !== undefined) return;
      server =
        tls === undefined
          ? http2.createServer({}, handler)
          : http2.createSecureServer({ ...tls }, handler);
      server.on('connection', (socket: Socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      });
      // A session whose socket broke says so here; the client sees it for itself.
      server.on('sessionError', () => {});
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
    },
    async shut() {
      if (server === undefined) return;
      const closed = once(server, 'close');
      server.close();
      server = undefined;
      breakAll();
      await closed;
    },
  };
}
