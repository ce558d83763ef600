import { once } from 'node:events';
import { createServer, type Http2Server } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSession } from './qdrant-session.ts';

describe('a connection to Qdrant', () => {
  it('is made anew when it broke with calls on it, and its pings end with it', async () => {
    const { server, sockets, url } = await startServer();
    const session = open(url, { pingEveryMs: 5 });
    for (let round = 0; round < 5; round++) {
      const stream = await session.request('POST', '/hang', {}, {});
      const ended = once(stream, 'close').catch(() => undefined);
      stream.on('error', () => undefined);
      await setTimeout(10);
      for (const socket of sockets) socket.destroy();
      await ended;
    }
    expect(await statusOf(session, '/')).toBe(200);
    // A ping on a dead connection throws where nobody can catch it.
    await setTimeout(50);
    expect(server.listening).toBe(true);
  });

  it('is one for many calls', async () => {
    const { sockets, url } = await startServer();
    const session = open(url);
    await Promise.all(Array.from({ length: 20 }, () => statusOf(session, '/')));
    expect(sockets.size).toBe(1);
  });

  it('is given up when pings are not answered', async () => {
    const silent = createTcpServer(() => undefined);
    const url = await listen(silent);
    const session = open(url, { pingEveryMs: 20, timeoutMs: 500 });
    const stream = await session.request('POST', '/', {}, {});
    const [error] = await once(stream, 'error');
    expect(String(error)).toContain('does not answer a ping');
  });

  it('lets calls finish when the server goes away in good order', async () => {
    const { server, url } = await startServer();
    const sessions: { close(): void }[] = [];
    server.on('session', (one) => sessions.push(one));
    const session = open(url);
    const slow = statusOf(session, '/slow');
    await setTimeout(20);
    for (const one of sessions) one.close();
    expect(await slow).toBe(200);
    expect(await statusOf(session, '/')).toBe(200);
    expect(sessions).toHaveLength(2);
  });

  it('is given up when it takes too long, also when it is there in the next moment', async () => {
    const { url } = await startServer();
    for (let round = 0; round < 20; round++) {
      const session = open(url, { timeoutMs: 1 });
      await session.request('POST', '/', {}, {}).then(
        (stream) => stream.on('error', () => undefined).close(),
        (error: unknown) => expect(String(error)).toContain('no connection in time'),
      );
    }
  });

  it('fails where nobody listens, and takes no calls after its close', async () => {
    const gone = createTcpServer();
    const url = await listen(gone);
    gone.close();
    const session = open(url);
    await expect(session.request('POST', '/', {}, {})).rejects.toThrow('ECONNREFUSED');
    session.close();
    await expect(session.request('POST', '/', {}, {})).rejects.toThrow('closed');
  });
});

function open(url: string, more: { pingEveryMs?: number; timeoutMs?: number } = {}) {
  const session = createSession({ url, timeoutMs: 2_000, pingEveryMs: 10_000, ...more });
  onTestFinished(() => session.close());
  return session;
}

async function statusOf(session: ReturnType<typeof createSession>, path: string): Promise<unknown> {
  const stream = await session.request('GET', path, {}, {});
  stream.end();
  const [headers] = await once(stream, 'response');
  stream.resume();
  return headers[':status'];
}

/** Answers at once, after a while at `/slow`, and never at `/hang`. */
async function startServer() {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    if (request.url === '/hang') return;
    if (request.url === '/slow') void setTimeout(60).then(() => response.end('slow'));
    else response.end('done');
  });
  server.on('sessionError', () => undefined);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return { server, sockets, url: await listen(server) };
}

async function listen(server: Http2Server | ReturnType<typeof createTcpServer>): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
