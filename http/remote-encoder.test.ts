import { join } from 'node:path';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { describeEncoder } from '../test/contracts/encoder.ts';
import {
  connect,
  createEncodeTestApp,
  urlOf,
  useEncodeServers,
} from '../test/support/encode-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { withHeaders } from './middleware.ts';
import { createRemoteEncoder } from './remote-encoder.ts';
import { listen } from './server.ts';
import { requireServiceSecret } from './service-secret.ts';

const { serve } = useEncodeServers();

describeEncoder('the remote encoder before a fake one', async () =>
  connect(await serve(createFakeEncoder())),
);

describeEncoder('the remote encoder before the demo model', async () => {
  const directory = join(import.meta.dirname, '../models/demo');
  return connect(await serve(expectOk(await createOnnxEncoder({ directory, device: 'cpu' }))));
});

describe('a remote encoder', () => {
  it('has the model and the very vectors of the one behind it', async () => {
    const calibration = { slope: 30, middle: 0.25 };
    const behind = createFakeEncoder({ id: 'other', dimensions: 48, device: 'cuda', calibration });
    const remote = await connect(await serve(behind));
    expect(remote.model).toEqual(behind.model);
    const texts = ['a red car', '', '\uD83D', 'x'.repeat(8192)];
    expect(await remote.encodeTexts(texts)).toEqual(await behind.encodeTexts(texts));
    const images = [await pngOf(colours.red), Buffer.of()];
    expect(await remote.encodeImages(images)).toEqual(await behind.encodeImages(images));
  });

  it('splits what is too much for one request, and joins it in order', async () => {
    const sizes: number[] = [];
    const remote = await connect(
      await serve({
        ...createFakeEncoder(),
        encodeTexts: (texts) => {
          sizes.push(texts.length);
          return createFakeEncoder().encodeTexts(texts);
        },
        encodeImages: async (images) => {
          sizes.push(images.length);
          return ok(images.map(({ length }) => err(failure('not_an_image', `${length}`))));
        },
      }),
    );
    const texts = Array.from({ length: 600 }, (_, place) => `word${place}`);
    const behind = await createFakeEncoder().encodeTexts(texts);
    expect(await remote.encodeTexts(texts)).toEqual(behind);
    expect(sizes.splice(0).toSorted((a, b) => a - b)).toEqual([88, 256, 256]);

    const lengths = Array.from({ length: 70 }, (_, place) => place);
    const many = lengths.map((length) => new Uint8Array(length));
    const large = Array.from({ length: 3 }, () => new Uint8Array(40_000_000));
    const results = expectOk(await remote.encodeImages([...many, ...large]));
    expect(results.map((one) => Number(expectFailure(one).detail))).toEqual([
      ...lengths,
      ...large.map((image) => image.length),
    ]);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 1, 7, 32, 32]);
  });

  it('refuses a picture over the limit alone', async () => {
    const remote = await connect(await serve(createFakeEncoder()));
    const red = await pngOf(colours.red);
    const results = expectOk(await remote.encodeImages([red, new Uint8Array(50_000_001), red]));
    expect(results.map((one) => (one.ok ? 'ok' : one.error.code))).toEqual([
      'ok',
      'image_too_large',
      'ok',
    ]);
    expect(results[2]).toEqual(results[0]);
  });

  it('shows its secret, and keeps the path of its address', async () => {
    const secret = 'the-secret-of-the-service';
    const app = new Hono().use(withHeaders(), requireServiceSecret([secret]));
    app.route('/v1', createEncodeTestApp(createFakeEncoder()));
    const server = expectOk(await listen({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }));
    const baseUrl = `${urlOf(server.port)}/v1/`;
    const known = await createRemoteEncoder({ baseUrl, timeoutMs: 5000, secret });
    expectOk(await expectOk(known).encodeTexts(['dog']));
    for (const other of [undefined, 'another-secret']) {
      const options = { baseUrl, timeoutMs: 5000, secret: other };
      const { code, detail } = expectFailure(await createRemoteEncoder(options));
      expect(code).toBe('encoder_unavailable');
      expect(detail).toContain('SERVICE_SECRET');
      expect(detail).not.toContain(secret);
    }
    await server.close(0);
  });

  it('keeps the code of a failure, and when to come again', async () => {
    const busy = failure('overloaded', 'Cannot encode as it is busy', { retryAfterSeconds: 9 });
    const url = await serve({ ...createFakeEncoder(), encodeTexts: async () => err(busy) });
    // Nine seconds are more than it has: it does not even wait.
    const remote = await connect(url, 2000);
    expect(expectFailure(await remote.encodeTexts(['dog']))).toEqual(busy);
    const long = await remote.encodeTexts(['x'.repeat(8193)]);
    expect(expectFailure(long)).toMatchObject({
      code: 'invalid_field',
      errors: [{ path: 'texts.0' }],
    });
  });

  it('tries again what was overloaded, after as long as it was told', async () => {
    const again = failure('overloaded', 'Cannot encode', { retryAfterSeconds: 0 });
    let asked = 0;
    const remote = await connect(
      await serve({
        ...createFakeEncoder(),
        encodeImages: (images) => {
          asked += 1;
          return asked < 3 ? Promise.resolve(err(again)) : createFakeEncoder().encodeImages(images);
        },
      }),
    );
    const [red] = expectOk(await remote.encodeImages([await pngOf(colours.red)]));
    expect(red?.ok).toBe(true);
    expect(asked).toBe(3);
  });

  it('sends pictures again, whole, after the other end had no memory for them', async () => {
    const held = Promise.withResolvers<void>();
    const remote = await connect(
      await serve(
        {
          ...createFakeEncoder(),
          encodeImages: async (images) => {
            await held.promise;
            return ok(images.map(({ length }) => err(failure('not_an_image', `${length}`))));
          },
        },
        { maxBodyMemoryBytes: 60_000_000 },
      ),
    );
    // Two requests of 40 MB each: the second finds no room until the first is done.
    const both = remote.encodeImages([new Uint8Array(40_000_000), new Uint8Array(40_000_001)]);
    setTimeout(held.resolve, 500);
    const details = expectOk(await both).map((one) => expectFailure(one).detail);
    expect(details).toEqual(['40000000', '40000001']);
  });
});
