import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { listen, type ListenOptions } from './server.ts';

const hostname = '127.0.0.1';

async function start(options: Partial<ListenOptions> = {}) {
  const fetchNothing = () => new Response('done');
  return expectOk(await listen({ fetch: fetchNothing, hostname, port: 0, ...options }));
}

/** A request on a connection that its client wants to keep. */
async function askOn(agent: Agent, port: number) {
  const asked = request({ agent, hostname, port }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const ended = new Promise((resolve) => asked.socket?.once('close', resolve));
  const { connection } = response.headers;
  return { body: await text(response), connection, ended };
}

/** What a client is told that sends these words and then nothing. */
async function say(port: number, words: string): Promise<string> {
  const socket = connect(port, hostname);
  socket.on('error', () => {});
  socket.write(words);
  return text(socket).catch(() => 'reset');
}

describe('a server', () => {
  it('names the port that is taken', async () => {
    const first = await start();
    const fetchNothing = () => new Response('');
    const second = await listen({ fetch: fetchNothing, hostname, port: first.port });
    expect(expectFailure(second)).toMatchObject({
      code: 'address_in_use',
      detail: expect.stringContaining(String(first.port)) as unknown,
    });
    await first.close(0);
  });

  it('does not wait forever for what a client has to say', async () => {
    const fetchBody = async (asked: Request) => new Response(await asked.text());
    const server = await start({ fetch: fetchBody, requestTimeoutMs: 200 });
    for (const words of [
      '',
      'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc',
    ]) {
      expect(await say(server.port, words)).toMatch(/^HTTP\/1.1 408/);
    }
    await server.close(0);
  });

  it('has a bound for connections, and takes new ones when others have ended', async () => {
    const server = await start({ maxConnections: 2 });
    const agent = new Agent({ keepAlive: true });
    const held = [connect(server.port, hostname), connect(server.port, hostname)];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    await expect(askOn(agent, server.port)).rejects.toThrow(/hang up|ECONNRESET/);
    for (const socket of held) socket.destroy();
    let answered = false;
    while (!answered) {
      answered = await askOn(agent, server.port).then(
        ({ body }) => body === 'done',
        () => false,
      );
    }
    await server.close(0);
  });
});

describe('a server that closes', () => {
  it('lets a running request end first, and its connection with it', async () => {
    const fetchSlowly = async () => {
      await pause(100);
      return new Response('done');
    };
    const server = await start({ fetch: fetchSlowly });
    const agent = new Agent({ keepAlive: true });
    const answering = askOn(agent, server.port);
    await pause(30);
    await server.close(5000);
    const { body, connection, ended } = await answering;
    expect([body, connection]).toEqual(['done', 'close']);
    await ended;
    await expect(askOn(agent, server.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('answers what was on its way on an idle connection, and then ends that', async () => {
    const server = await start();
    const [busy, idle] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
    const kept = await askOn(idle, server.port);
    expect((await askOn(busy, server.port)).connection).toBe('keep-alive');
    const closed = server.close(5000);
    expect(await askOn(busy, server.port)).toMatchObject({ body: 'done', connection: 'close' });
    await kept.ended;
    await closed;
  });

  it('cuts off a request that does not end in time', async () => {
    const server = await start({ fetch: () => new Promise<Response>(() => {}) });
    const answer = askOn(new Agent(), server.port).catch(() => 'cut off');
    await pause(30);
    await server.close(50);
    expect(await answer).toBe('cut off');
  });
});
