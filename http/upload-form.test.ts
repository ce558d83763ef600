import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { Upload } from '../core/upload-request.ts';
import { createKey } from '../test/support/api-keys.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createGuardedApp } from '../test/support/guarded-app.ts';
import { problemOf } from '../test/support/problem.ts';
import { post } from '../test/support/search-app.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createFolderUploads } from '../test/support/uploads.ts';
import { listen } from './server.ts';

const newDirectory = useTemporaryDirectories();
const bytes = Buffer.from('not really a picture');

async function createApp() {
  const folder = createFolderUploads(await newDirectory(), createMemoryStore({ dimensions: 2 }));
  const writer = createKey({ id: 'writer', scopes: ['write'] });
  const app = createGuardedApp({ keys: [writer], ...folder });
  return {
    ...folder,
    app,
    async permit(size = bytes.length) {
      const body = { file_name: 'dog.jpg', content_type: 'image/jpeg', size, category: 'animals' };
      const response = await app.request('/uploads', post(body, { 'x-api-key': writer.key }));
      return Upload.parse(await response.json());
    },
  };
}

function formOf(fields: Readonly<Record<string, string>>, file: Uint8Array = bytes): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(file)]), 'dog.jpg');
  return form;
}

describe('a form that is posted', () => {
  it('puts its file where it says, without a key', async () => {
    const { app, objects, permit } = await createApp();
    const { url, fields, key } = await permit();
    const response = await app.request(url, { method: 'POST', body: formOf(fields) });
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(Buffer.from(expectOk(await objects.get(key)).bytes)).toEqual(bytes);
  });

  it.each<[string, (fields: Record<string, string>) => Record<string, string>]>([
    ['another key', (fields) => ({ ...fields, key: 'animals/other.jpg' })],
    ['a key outside', (fields) => ({ ...fields, key: '../outside.jpg' })],
    ['another type', (fields) => ({ ...fields, 'Content-Type': 'text/html' })],
    ['another signature', (fields) => ({ ...fields, signature: 'AAAA' })],
    ['no signature', (fields) => without(fields, 'signature')],
    ['another policy', (fields) => ({ ...fields, policy: 'e30' })],
    ['no policy', (fields) => without(fields, 'policy')],
    ['nothing', () => ({})],
  ])('is refused with %s', async (_, change) => {
    const { app, objects, permit } = await createApp();
    const { url, fields } = await permit();
    const request = { method: 'POST', body: formOf(change({ ...fields })) };
    const problem = await problemOf(await app.request(url, request));
    expect(problem).toMatchObject({ status: 403, code: 'upload_refused' });
    for await (const found of objects.list()) expect(found).toBeUndefined();
  });

  it('is refused when it has expired', async () => {
    const { app, permit, advance } = await createApp();
    const { url, fields } = await permit();
    advance(15 * 60_000);
    const request = { method: 'POST', body: formOf(fields) };
    const problem = await problemOf(await app.request(url, request));
    expect(problem.code).toBe('upload_refused');
    expect(problem.detail).toContain('expired');
  });

  it.each([bytes.length - 1, bytes.length + 1])('is refused with %i bytes', async (agreed) => {
    const { app, objects, permit } = await createApp();
    const { url, fields, key } = await permit(agreed);
    const request = { method: 'POST', body: formOf(fields) };
    expect((await problemOf(await app.request(url, request))).code).toBe('upload_refused');
    expect(expectOk(await objects.head(key))).toBeUndefined();
  });

  it.each([
    'application/json',
    'multipart/form-data',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
    'multipart/mixed; boundary=x',
  ])('must not come as %s', async (type) => {
    const { app } = await createApp();
    const request = { method: 'POST', body: 'x', headers: { 'content-type': type } };
    const problem = await problemOf(await app.request('/uploads/form', request));
    expect(problem.code).toBe('unsupported_media_type');
  });

  it('is read on when its fields are refused, for a browser to hear of it, but not for ever', async () => {
    const { app } = await createApp();
    for (const [chunks, most] of [
      [100, 100],
      [2000, 900],
    ] as const) {
      let sent = 0;
      const head = '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n';
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(sent === 0 ? Buffer.from(head) : new Uint8Array(64 * 1024));
          sent += 1;
          if (sent === chunks) controller.close();
        },
      });
      const headers = { 'content-type': 'multipart/form-data; boundary=x' };
      const request = { method: 'POST', body, headers, duplex: 'half' } as RequestInit;
      const problem = await problemOf(await app.request('/uploads/form', request));
      expect(problem.code).toBe('upload_refused');
      expect(sent).toBeLessThanOrEqual(most);
      expect(sent).toBeGreaterThanOrEqual(Math.min(chunks, 750));
    }
  });
});

describe('many forms at once', () => {
  it('take memory for so many bytes, and no more', async () => {
    const { app, permit } = await createApp();
    const { url, fields } = await permit(50_000_000);
    const small = await permit();
    const leave = new AbortController();
    /** Sends its fields, and then nothing. */
    const begin = async () => {
      const begun = await new Response(formOf(fields)).text();
      const boundary = begun.slice(2, begun.indexOf('\r\n'));
      const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
      const body = new ReadableStream({
        start: (controller) =>
          controller.enqueue(Buffer.from(begun.slice(0, begun.indexOf('picture')))),
      });
      const init = { method: 'POST', body, headers, duplex: 'half', signal: leave.signal };
      return app.request(url, init as RequestInit);
    };
    const waiting = [begin(), begin(), begin(), begin()];
    await new Promise((resolve) => setTimeout(resolve, 50));
    const postSmall = () => app.request(url, { method: 'POST', body: formOf(small.fields) });
    const refused = await postSmall();
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await problemOf(refused)).code).toBe('overloaded');
    leave.abort();
    for (const left of await Promise.all(waiting)) expect(left.status).toBe(499);
    expect((await postSmall()).status).toBe(204);
  });

  it('leave nothing behind when their senders leave', async () => {
    const { app, objects, permit } = await createApp();
    const { fields } = await permit(5_000_000);
    const server = expectOk(await listen({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }));
    try {
      const text = await new Response(formOf(fields)).text();
      const boundary = text.slice(2, text.indexOf('\r\n'));
      await Promise.all(
        Array.from({ length: 20 }, () => sendHalf(server.port, boundary, text.slice(0, -60))),
      );
      const { url, fields: whole, key } = await permit();
      const to = `http://127.0.0.1:${server.port}${url}`;
      expect((await fetch(to, { method: 'POST', body: formOf(whole) })).status).toBe(204);
      const found = [];
      for await (const one of objects.list()) found.push(expectOk(one as never));
      expect(found).toMatchObject([{ key }]);
    } finally {
      await server.close(0);
    }
  });
});

function without(fields: Record<string, string>, left: string): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== left));
}

/** The beginning of a form, and then the end of the connection. */
function sendHalf(port: number, boundary: string, text: string): Promise<void> {
  return new Promise((resolve) => {
    const headers = {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': 5_001_000,
    };
    const path = '/uploads/form';
    const sent = httpRequest({ host: '127.0.0.1', port, method: 'POST', path, headers });
    sent.on('error', () => {});
    sent.on('close', resolve);
    sent.write(text, () => setTimeout(() => sent.destroy(), 20));
  });
}
