import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** What a server does that says it is a Redis. */
export type Lie =
  /** Answers with bytes that are no protocol. */
  | 'garbage'
  /** Answers everything, the greeting included, with the same well-formed reply. */
  | 'nonsense'
  /** Ends every connection. */
  | 'closes at once'
  /** Never says a word. */
  | 'silent'
  /** Begins an answer and sends a byte of it now and then. */
  | 'byte by byte';

export interface LyingRedis {
  close(): Promise<void>;
}

/** Listens where a Redis was, or will be. */
export async function startLyingRedis(port: number, lie: Lie): Promise<LyingRedis> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    speak(socket, lie);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function speak(socket: Socket, lie: Lie): void {
  if (lie === 'closes at once') return void socket.end();
  if (lie === 'byte by byte') {
    socket.write('$100000\r\n');
    const timer = setInterval(() => socket.write('x'), 20);
    socket.once('close', () => clearInterval(timer));
  }
  socket.on('data', (data) => {
    if (lie === 'garbage') socket.write('\u0000\u0001 HTTP/1.1 400 Bad Request\r\n\r\n<html>');
    if (lie !== 'nonsense') return;
    // One reply for every command that begins in these bytes.
    for (const _ of data.toString('latin1').matchAll(/\*\d+\r\n/g)) socket.write('$2\r\n{}\r\n');
  });
}
