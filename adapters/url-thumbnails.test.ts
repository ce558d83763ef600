import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { hitOf } from '../test/support/hits.ts';
import { useHttpServers } from '../test/support/http-servers.ts';
import { createUrlThumbnails } from './url-thumbnails.ts';

const serve = useHttpServers();

function get(base: string, urls: { url?: string; thumbnail_url?: string | null }, ms = 10_000) {
  const { metadata } = hitOf('7');
  const hit = { id: '7', metadata: { ...metadata, ...urls } };
  return createUrlThumbnails({ base, deadlineMs: 500 }).of(hit, AbortSignal.timeout(ms));
}

function sends(bytes: Uint8Array, type = 'image/webp') {
  return (response: ServerResponse) =>
    void response.writeHead(200, { 'content-type': type }).end(bytes);
}

describe('thumbnails by address', () => {
  it('are read from where results say, or else the picture itself', async () => {
    const bytes = Buffer.from('small');
    const { url, asked } = await serve(sends(bytes));
    const thumbnail_url = `${url}/pictures/t/7.webp`;
    expect(expectOk(await get(`${url}/pictures`, { thumbnail_url }))).toEqual({
      bytes,
      type: 'image/webp',
    });
    expectOk(
      await get(`${url}/pictures`, { url: `${url}/pictures/a%20b.jpg`, thumbnail_url: null }),
    );
    expect(asked.map((one) => one.url)).toEqual(['/pictures/t/7.webp', '/pictures/a%20b.jpg']);
  });

  it('are read from nowhere else', async () => {
    const { url, port, asked } = await serve(sends(Buffer.from('secret')));
    const elsewhere = [
      `http://localhost:${port}/pictures/7.webp`,
      `http://127.0.0.1:${port + 1}/pictures/7.webp`,
      `https://127.0.0.1:${port}/pictures/7.webp`,
      `${url}/other/7.webp`,
      `${url}/pictures/../other/7.webp`,
      `${url}/pictures/%2e%2e/other/7.webp`,
      `${url}/pictures-too/7.webp`,
      `http://user@127.0.0.1:${port}/pictures/7.webp`,
      `http://127.0.0.1:${port}@example.com/pictures/7.webp`,
      `//127.0.0.1:${port}/pictures/7.webp`,
      '/thumbnails/7',
      'file:///etc/passwd',
      '',
    ];
    for (const thumbnail_url of elsewhere) {
      const { code } = expectFailure(await get(`${url}/pictures/`, { thumbnail_url }));
      expect([thumbnail_url, code]).toEqual([thumbnail_url, 'image_elsewhere']);
    }
    expect(asked).toEqual([]);
  });

  it('are not followed to where a server leads', async () => {
    const inside = await serve(sends(Buffer.from('secret')));
    const { url } = await serve((response) =>
      response.writeHead(302, { location: inside.url }).end(),
    );
    const found = await get(url, { thumbnail_url: `${url}/7.webp` });
    expect(expectFailure(found).code).toBe('objects_unavailable');
    expect(inside.asked).toEqual([]);
  });

  it.each([
    ['not_found', (response: ServerResponse) => response.writeHead(404).end()],
    ['objects_unavailable', (response: ServerResponse) => response.writeHead(503).end()],
    ['objects_unavailable', (response: ServerResponse) => response.destroy()],
    ['objects_unavailable', () => {}],
    ['not_an_image', sends(Buffer.from('<svg/>'), 'image/svg+xml')],
    ['not_an_image', sends(Buffer.from('<html>'), 'text/html; charset=utf-8')],
    ['image_too_large', sends(Buffer.alloc(512 * 1024 + 1))],
  ] as const)('fail with %s', async (code, script) => {
    const { url } = await serve(script);
    expect(expectFailure(await get(url, { thumbnail_url: `${url}/7.webp` })).code).toBe(code);
  });

  it('are read no further than they may be large', async () => {
    let sent = 0;
    const { url } = await serve(async (response) => {
      response.writeHead(200, { 'content-type': 'image/webp' });
      while (!response.destroyed) {
        response.write(Buffer.alloc(64 * 1024));
        sent += 64 * 1024;
        await sleep(1);
      }
    });
    const found = await get(url, { thumbnail_url: `${url}/7.webp` });
    expect(expectFailure(found).code).toBe('image_too_large');
    await sleep(50);
    const sentThen = sent;
    await sleep(50);
    expect(sent).toBe(sentThen);
  });

  it('end with whoever asks', async () => {
    const { url } = await serve(() => {});
    const found = await get(url, { thumbnail_url: `${url}/7.webp` }, 50);
    expect(expectFailure(found).code).toBe('timeout');
  });
});
