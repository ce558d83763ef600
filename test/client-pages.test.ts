import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterEach, describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { createClient } from '../web/client.ts';
import { createResponse, createTestApp } from './support/search-app.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** The real HTTP face on a given search. */
async function listenToApp(search: Search): Promise<string> {
  const server = createServer(getRequestListener(createTestApp({ search }).fetch));
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the pages of a client', () => {
  const pageOf = (place: number, next_cursor: string | null) =>
    createResponse({ total: place, next_cursor });

  /** A client of a search that answers with these in turn, and the cursors it was asked with. */
  async function paging(...answers: readonly Awaited<ReturnType<Search>>[]) {
    const asked: unknown[] = [];
    const search: Search = async ({ query, top_k, cursor }) => {
      asked.push([query, top_k, cursor]);
      return answers[asked.length - 1] ?? err(failure('timeout', 'Asked too often'));
    };
    return { asked, client: createClient({ baseUrl: await listenToApp(search) }) };
  }
  const [second, third] = ['b', 'c'].map((letter) => `${letter.repeat(22)}.7`);

  it.each([{}, { cacheable: true }])(
    'come one after the other, to the end: %j',
    async (options) => {
      const { asked, client } = await paging(
        ok(pageOf(1, second ?? '')),
        ok(pageOf(2, third ?? '')),
        ok(pageOf(3, null)),
      );
      const totals: number[] = [];
      for await (const page of client.pages({ query: 'a dog', top_k: 7 }, options)) {
        totals.push(page.ok ? page.value.total : -1);
      }
      expect(totals).toEqual([1, 2, 3]);
      expect(asked).toEqual(['*', second, third].map((cursor) => ['a dog', 7, cursor]));
    },
  );

  it('are asked for when they are wanted, and not before', async () => {
    const { asked, client } = await paging(ok(pageOf(1, second ?? '')));
    for await (const page of client.pages({ query: 'a' })) {
      expect(page.ok).toBe(true);
      break;
    }
    expect(asked).toHaveLength(1);
  });

  it('end with a failure, and go on from where that was', async () => {
    const busy = err(failure('cursor_unavailable', 'Cannot look', { retryAfterSeconds: 2 }));
    const { asked, client } = await paging(
      ok(pageOf(1, second ?? '')),
      busy,
      ok(pageOf(2, third ?? '')),
      err(failure('cursor_expired', 'Cannot go on')),
    );
    const pages = await Array.fromAsync(client.pages({ query: 'a' }));
    expect(pages.map(({ ok: isOk }) => isOk)).toEqual([true, false]);
    expect(pages[1]?.retryAfterSeconds).toBe(2);
    const rest = await Array.fromAsync(client.pages({ query: 'a', cursor: second ?? '' }));
    expect(rest.map(({ status }) => status)).toEqual([200, 410]);
    expect(asked.map((one) => (one as unknown[])[2])).toEqual(['*', second, second, third]);
  });

  it('are one where a server knows of no pages', async () => {
    const { asked, client } = await paging(ok(createResponse()));
    expect(await Array.fromAsync(client.pages({ query: 'a dog' }))).toHaveLength(1);
    expect(asked).toHaveLength(1);
  });
});
