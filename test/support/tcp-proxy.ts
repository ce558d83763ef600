import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the proxy does with what comes back from the other end. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** In place of every answer, one of these, in turn. */
  | { readonly kind: 'lie'; readonly answers: readonly Uint8Array[] };

export interface TcpProxy {
  readonly port: number;
  set(mode: ProxyMode): void;
  close(): Promise<void>;
}

/** Stands between a client and a server, and can be told to be slow or to lie. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let mode: ProxyMode = { kind: 'pass' };
  let lies = 0;
  const sockets = new Set<Socket>();

  /** One after the other, whatever the delay was when they came. */
  function createAnswers(client: Socket): (bytes: Uint8Array) => void {
    let sent: Promise<unknown> = Promise.resolve();
    return (bytes) => {
      if (mode.kind === 'lie') {
        client.write(mode.answers[(lies += 1) % mode.answers.length] ?? new Uint8Array());
        return;
      }
      const dueAt = performance.now() + (mode.kind === 'slow' ? mode.delayMs : 0);
      sent = sent
        .then(() => sleep(Math.max(dueAt - performance.now(), 0)))
        .then(() => client.write(bytes));
    };
  }

  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (bytes) => target.write(bytes));
    target.on('data', createAnswers(client));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      mode = next;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
