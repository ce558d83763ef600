import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answerJson, useHttpServers } from '../test/support/http-servers.ts';
import { createExchanges, type Exchanges } from './remote-exchange.ts';

const serve = useHttpServers();

function get(exchanges: Exchanges) {
  return exchanges.start({ method: 'GET', path: '/', headers: {} });
}

describe('exchanges', () => {
  it('share a connection one after the other, and not at the same time', async () => {
    const server = await serve(async (response) => {
      await sleep(20);
      answerJson(response, 'yes');
    });
    const exchanges = createExchanges({ baseUrl: server.url });
    for (let i = 0; i < 3; i += 1) {
      expect(await get(exchanges).ended).toMatchObject({ kind: 'answered', text: '"yes"' });
    }
    expect(server.connections()).toBe(1);
    await Promise.all([get(exchanges).ended, get(exchanges).ended, get(exchanges).ended]);
    expect(server.connections()).toBe(3);
    exchanges.close();
  });

  it('give up a connection that has been idle for long', async () => {
    const server = await serve((response) => answerJson(response, 'yes'));
    const exchanges = createExchanges({ baseUrl: server.url, maxIdleMs: 60 });
    await get(exchanges).ended;
    await sleep(150);
    await get(exchanges).ended;
    expect(server.connections()).toBe(2);
    exchanges.forgetIdle();
    await get(exchanges).ended;
    expect(server.connections()).toBe(3);
    exchanges.close();
  });

  it('give it up as well when timers stood still meanwhile, as in a frozen process', async () => {
    const server = await serve((response) => answerJson(response, 'yes'));
    const exchanges = createExchanges({ baseUrl: server.url, maxIdleMs: 60 });
    await get(exchanges).ended;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
    await get(exchanges).ended;
    expect(server.connections()).toBe(2);
    exchanges.close();
  });

  it('tell a connection that was closed meanwhile from a service that is gone', async () => {
    const server = await serve((response, place) =>
      place === 0 ? answerJson(response, 'yes') : response.destroy(),
    );
    const exchanges = createExchanges({ baseUrl: server.url });
    await get(exchanges).ended;
    expect(await get(exchanges).ended).toMatchObject({ kind: 'lost', reused: true });
    expect(await get(exchanges).ended).toMatchObject({ kind: 'lost', reused: false });
    await server.close();
    expect(await get(exchanges).ended).toMatchObject({ kind: 'lost', reused: false });
    exchanges.close();
  });

  it('end when they are cancelled, and the request at the other end with them', async () => {
    const left = Promise.withResolvers<void>();
    const server = await serve((response) => response.once('close', () => left.resolve()));
    const exchanges = createExchanges({ baseUrl: server.url });
    const exchange = get(exchanges);
    while (server.asked.length === 0) await sleep(5);
    exchange.cancel();
    expect((await exchange.ended).kind).toBe('lost');
    await left.promise;
    exchange.cancel();
    exchanges.close();
  });

  it.each([
    'garbage\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  ])('are lost to who speaks another language: %j', async (words) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(words));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const exchanges = createExchanges({ baseUrl: `http://127.0.0.1:${port}` });
    expect((await get(exchanges).ended).kind).toBe('lost');
    exchanges.close();
    server.close();
  });
});
