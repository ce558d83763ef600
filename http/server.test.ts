import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { listen } from './server.ts';

const hostname = '127.0.0.1';

describe('a server', () => {
  it('lets a running request end before it closes', async () => {
    const fetchSlowly = async () => {
      await pause(100);
      return new Response('done');
    };
    const server = expectOk(await listen({ fetch: fetchSlowly, hostname, port: 0 }));
    const answer = fetch(`http://${hostname}:${server.port}`).then((response) => response.text());
    await pause(30);
    await server.close(5000);
    expect(await answer).toBe('done');
    await expect(fetch(`http://${hostname}:${server.port}`)).rejects.toThrow('fetch failed');
  });

  it('cuts off a request that does not end in time', async () => {
    const never = () => new Promise<Response>(() => {});
    const server = expectOk(await listen({ fetch: never, hostname, port: 0 }));
    const answer = fetch(`http://${hostname}:${server.port}`).catch(() => 'cut off');
    await pause(30);
    await server.close(50);
    expect(await answer).toBe('cut off');
  });

  it('names the port that is taken', async () => {
    const fetchNothing = () => new Response('');
    const first = expectOk(await listen({ fetch: fetchNothing, hostname, port: 0 }));
    const second = await listen({ fetch: fetchNothing, hostname, port: first.port });
    expect(expectFailure(second)).toMatchObject({
      code: 'address_in_use',
      detail: expect.stringContaining(String(first.port)) as unknown,
    });
    await first.close(0);
  });
});
