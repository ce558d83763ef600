import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SlowProxy {
  readonly port: number;
  /** What comes back from now on is held up for so long. */
  delay(ms: number): void;
  close(): Promise<void>;
}

/** Stands before a server on 127.0.0.1 and makes its answers late. */
export async function startSlowProxy(targetPort: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(target);
    let sent: Promise<unknown> = Promise.resolve();
    target.on('data', (data) => {
      const dueAt = performance.now() + delayMs;
      // One after the other, whatever the delay was.
      sent = sent
        .then(() => sleep(Math.max(dueAt - performance.now(), 0)))
        .then(() => client.write(data));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It has no port');
  return {
    port: address.port,
    delay: (ms) => void (delayMs = ms),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
