import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  jsonValue,
  oneof,
  string,
  uint8Array,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import type { Encoder } from '../core/ports.ts';
import { err } from '../core/result.ts';
import { createEncodeTestApp } from '../test/support/encode-server.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { problemOf } from '../test/support/problem.ts';
import { createLog, post } from '../test/support/search-app.ts';
import type { EncodeAppParts } from './encode-app.ts';
import { readImages, readTexts } from './encode-wire.ts';
import { writeFrames } from './picture-frames.ts';

const createApp = (encoder = createFakeEncoder(), parts: Partial<EncodeAppParts> = {}) =>
  createEncodeTestApp(encoder, parts);

async function postFrames(images: readonly Uint8Array[]): Promise<RequestInit> {
  return postBytes(Buffer.concat(await Array.fromAsync(writeFrames(images))));
}

function postBytes(
  body: Uint8Array<ArrayBuffer> | ReadableStream,
  type = 'application/octet-stream',
) {
  return { method: 'POST', headers: { 'content-type': type }, body, duplex: 'half' } as const;
}

function lengthOf(bytes: number): Uint8Array<ArrayBuffer> {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(bytes);
  return prefix;
}

/** A body that never comes to its end. */
function endless(first: Uint8Array): ReadableStream {
  return new ReadableStream({ start: (controller) => controller.enqueue(first) });
}

describe('GET /encode/model', () => {
  it('says which model is loaded', async () => {
    const encoder = createFakeEncoder();
    const response = await createApp(encoder).request('/encode/model');
    expect(await response.json()).toEqual(encoder.model);
  });
});

describe('POST /encode/texts', () => {
  it('gives the exact vectors of the encoder, and its model', async () => {
    const encoder = createFakeEncoder();
    const texts = ['a red car', '', '\uD83D dog', 'dog '.repeat(20)];
    const response = await createApp(encoder).request('/encode/texts', post({ texts }));
    expect(response.status).toBe(200);
    const answer = readTexts(await response.json());
    expect(answer).toEqual({
      model: encoder.model,
      encoded: expectOk(await encoder.encodeTexts(texts)),
    });
  });

  it('takes no texts, and as many of as many characters as it says', async () => {
    const app = createApp();
    const many = Array.from({ length: 256 }, () => '\0'.repeat(8192));
    for (const texts of [[], many]) {
      const response = await app.request('/encode/texts', post({ texts }));
      expect(readTexts(await response.json())?.encoded).toHaveLength(texts.length);
    }
  });

  it.each<[string, unknown, number, string, string | undefined]>([
    ['not JSON', '{"texts": ', 400, 'not_json', undefined],
    ['an empty body', '', 400, 'not_json', undefined],
    ['a list', ['dog'], 422, 'invalid_field', 'body'],
    ['no texts', {}, 422, 'invalid_field', 'texts'],
    ['an unknown field', { texts: [], images: [] }, 422, 'invalid_field', 'images'],
    ['a number among texts', { texts: ['a', 5] }, 422, 'invalid_field', 'texts.1'],
    ['257 texts', { texts: Array(257).fill('a') }, 422, 'invalid_field', 'texts'],
    ['a text too long', { texts: ['x'.repeat(8193)] }, 422, 'invalid_field', 'texts.0'],
    ['over 16 MB', `"${'x'.repeat(17_000_000)}"`, 413, 'body_too_large', undefined],
  ])('refuses %s', async (_, body, status, code, path) => {
    const response = await createApp().request('/encode/texts', post(body));
    const problem = await problemOf(response);
    expect([problem.status, problem.code, problem.errors?.[0]?.path]).toEqual([status, code, path]);
  });

  it('reads nothing but JSON', async () => {
    const request = post({ texts: [] }, { 'content-type': 'text/plain' });
    const response = await createApp().request('/encode/texts', request);
    expect((await problemOf(response)).code).toBe('unsupported_media_type');
  });

  it('keeps the code of a failure, and says when to come again', async () => {
    const logger = createLog();
    const busy = failure('overloaded', 'Cannot encode as it is busy', { retryAfterSeconds: 7 });
    const encoder = { ...createFakeEncoder(), encodeTexts: async () => err(busy) };
    const response = await createApp(encoder, { logger }).request(
      '/encode/texts',
      post({ texts: [] }),
    );
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await problemOf(response)).toMatchObject({
      status: 503,
      code: 'overloaded',
      detail: busy.detail,
    });
    expect(logger.lines).toEqual([{ level: 'warn', message: busy.detail }]);
  });

  it('gives the encoder a deadline', async () => {
    const encoder = waitForSignal();
    const app = createApp(encoder, { timeoutMs: 30 });
    const response = await app.request('/encode/texts', post({ texts: ['a'] }));
    expect((await problemOf(response)).code).toBe('timeout');
  });

  it('ends the encoding when the caller has left', async () => {
    const leaving = new AbortController();
    const encoder = waitForSignal(() => leaving.abort());
    const request = { ...post({ texts: ['a'] }), signal: leaving.signal };
    const response = await createApp(encoder).request('/encode/texts', request);
    expect((await problemOf(response)).code).toBe('cancelled');
  });
});

describe('POST /encode/images', () => {
  it('gives the exact vector and the size of each, or its failure', async () => {
    const encoder = createFakeEncoder();
    const images = [
      await pngOf(colours.red),
      Buffer.from('text'),
      Buffer.of(),
      await pngOf(colours.blue),
    ];
    const response = await createApp(encoder).request('/encode/images', await postFrames(images));
    const answer = readImages(await response.json());
    expect(answer).toEqual({
      model: encoder.model,
      encoded: expectOk(await encoder.encodeImages(images)),
    });
    expect(answer?.encoded.map((one) => one.ok)).toEqual([true, false, false, true]);
  });

  it('lets the encoder refuse a picture that is too large', async () => {
    const images = [new Uint8Array(50_000_001), await pngOf(colours.red)];
    const response = await createApp().request('/encode/images', await postFrames(images));
    expect(await response.json()).toMatchObject({
      images: [{ failure: { code: 'image_too_large' } }, { width: 48 }],
    });
  });

  it('takes no pictures, and 64', async () => {
    const app = createApp();
    for (const count of [0, 64]) {
      const images = Array.from({ length: count }, () => Buffer.of(1));
      const response = await app.request('/encode/images', await postFrames(images));
      expect(readImages(await response.json())?.encoded).toHaveLength(count);
    }
  });

  it.each<[string, Uint8Array<ArrayBuffer>, number, string, string]>([
    ['65 pictures', Buffer.alloc(65 * 4), 422, 'invalid_field', 'at most 64 pictures'],
    ['half a length', Buffer.of(1, 0), 422, 'invalid_field', 'number 1'],
    ['half a picture', Buffer.of(0, 0, 0, 0, 5, 0, 0, 0, 1), 422, 'invalid_field', 'number 2'],
    ['a picture of 4 GB', lengthOf(2 ** 32 - 1), 413, 'body_too_large', '4294967295'],
    ['over 128 MB', Buffer.alloc(128 * 1024 * 1024 + 1), 413, 'body_too_large', '134217728'],
  ])('refuses %s', async (_, body, status, code, words) => {
    const problem = await problemOf(await createApp().request('/encode/images', postBytes(body)));
    expect([problem.status, problem.code]).toEqual([status, code]);
    expect(problem.detail).toContain(words);
  });

  it('stops reading a body that never ends when it is too large', async () => {
    const piece = Buffer.concat([lengthOf(30_000_000), Buffer.alloc(30_000_000)]);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 1;
        controller.enqueue(piece);
      },
    });
    const response = await createApp().request('/encode/images', postBytes(body));
    expect((await problemOf(response)).status).toBe(413);
    expect(sent).toBeLessThan(8);
  });

  it('reads no form', async () => {
    const body = new FormData();
    body.append('images', new Blob(['x']));
    const response = await createApp().request('/encode/images', { method: 'POST', body });
    expect((await problemOf(response)).code).toBe('unsupported_media_type');
  });

  it('waits for a body no longer than its deadline', async () => {
    const app = createApp(createFakeEncoder(), { timeoutMs: 30 });
    const response = await app.request('/encode/images', postBytes(endless(lengthOf(5))));
    expect((await problemOf(response)).code).toBe('timeout');
  });

  it('answers overloaded while other bodies take all the memory, and only then', async () => {
    const app = createApp(createFakeEncoder(), { maxBodyMemoryBytes: 1000 });
    const leaving = new AbortController();
    const first = Buffer.concat([lengthOf(900), Buffer.alloc(800)]);
    const waiting = app.request('/encode/images', {
      ...postBytes(endless(first)),
      signal: leaving.signal,
    });
    const another = await postFrames([Buffer.alloc(300)]);
    const refused = await app.request('/encode/images', another);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await problemOf(refused)).code).toBe('overloaded');
    leaving.abort();
    expect((await problemOf(await waiting)).code).toBe('cancelled');
    expect((await app.request('/encode/images', another)).status).toBe(200);
  });

  it('takes a connection that breaks in the middle for a caller who left', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(lengthOf(5));
        controller.error(new Error('reset'));
      },
    });
    const response = await createApp().request('/encode/images', postBytes(body));
    expect((await problemOf(response)).code).toBe('cancelled');
  });
});

describe('the routes of an encoder', () => {
  it.each(['/encode/texts', '/encode/images'])('%s takes only POST', async (path) => {
    const response = await createApp().request(path);
    expect(response.headers.get('allow')).toBe('POST');
    expect((await problemOf(response)).code).toBe('method_not_allowed');
  });

  it('answer whatever comes, without a bug', async () => {
    const app = createApp();
    const bytes = uint8Array({ maxLength: 40 });
    const json = oneof(
      jsonValue(),
      array(string({ unit: 'binary' })).map((texts) => ({ texts })),
    );
    const bodies = oneof(
      bytes,
      json.map((value) => Buffer.from(JSON.stringify(value))),
    );
    const types = oneof(
      constantFrom('application/json', 'application/octet-stream', 'application/json; charset=x'),
      constantFrom('', 'multipart/form-data', 'text/html;'),
    );
    const paths = constantFrom('/encode/texts', '/encode/images');
    const seen = new Set<number>();
    await assert(
      asyncProperty(paths, types, bodies, async (path, type, body) => {
        const response = await app.request(path, postBytes(Uint8Array.from(body), type));
        seen.add(response.status);
        expect([200, 400, 413, 415, 422]).toContain(response.status);
        if (response.status !== 200) await problemOf(response);
      }),
      { numRuns: 300 },
    );
    expect(seen).toEqual(new Set([200, 400, 413, 415, 422]));
  });
});

/** An encoder that does nothing but wait until it is told to stop. */
function waitForSignal(onStart: () => void = () => {}): Encoder {
  return {
    ...createFakeEncoder(),
    encodeTexts: (texts, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => {
          resolve(createFakeEncoder().encodeTexts(texts, signal));
        });
        onStart();
      }),
  };
}
