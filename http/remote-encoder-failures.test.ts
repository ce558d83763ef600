import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import type { Encoder, ModelInfo } from '../core/ports.ts';
import { err } from '../core/result.ts';
import { connect, urlOf, useEncodeServers } from '../test/support/encode-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { writeTexts } from './encode-wire.ts';
import { createRemoteEncoder } from './remote-encoder.ts';

const { start, serve, misbehave } = useEncodeServers();
const { model } = createFakeEncoder();

/** What the service answers for one text, with this changed. */
async function answerOf(changes: { model?: Partial<ModelInfo>; texts?: unknown } = {}) {
  const encoded = expectOk(await createFakeEncoder().encodeTexts(['dog']));
  const right = writeTexts({ model, encoded });
  const texts = changes.texts ?? right.texts;
  return JSON.stringify({ model: { ...right.model, ...changes.model }, texts });
}

function vectorOf(values: readonly number[]): string {
  return Buffer.from(Float32Array.from(values).buffer).toString('base64');
}

/** An encoder that waits until it is told to stop, and then says so. */
function createWaiting() {
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const wait: Encoder['encodeTexts'] = (_, signal) =>
    new Promise((resolve) => {
      signal?.addEventListener('abort', () => {
        stopped.resolve();
        resolve(err(failure('cancelled', 'Cannot finish')));
      });
      started.resolve();
    });
  const encoder: Encoder = { ...createFakeEncoder(), encodeTexts: wait };
  return { encoder, started: started.promise, stopped: stopped.promise };
}

const half = '{"model":';
const cuts: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'cuts the connection': (response) => response.destroy(),
  'sends less than it announced': (response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write(half, () => response.destroy());
  },
  'breaks off in the middle': (response) => response.write(half, () => response.destroy()),
};

describe('a connection that is lost', () => {
  it.each(Object.entries(cuts))('is tried again when the service %s', async (_, cut) => {
    let asked = 0;
    let times = 2;
    const url = await misbehave(model, async (_request, response) => {
      asked += 1;
      if (asked <= times) cut(response);
      else response.end(await answerOf());
    });
    const remote = await connect(url);
    expect(expectOk(await remote.encodeTexts(['dog']))).toHaveLength(1);
    expect(asked).toBe(3);
    times = 6;
    expect(expectFailure(await remote.encodeTexts(['dog'])).code).toBe('encoder_unavailable');
    expect(asked).toBe(6);
  });

  it('is tried again while the service restarts, in the middle of a run', async () => {
    const first = await start(createFakeEncoder());
    const remote = await connect(urlOf(first.port));
    expect((await remote.encodeTexts(['dog'])).ok).toBe(true);
    await first.close(0);
    const [answered] = await Promise.all([
      remote.encodeImages([await pngOf(colours.red)]),
      sleep(50).then(() => start(createFakeEncoder(), {}, first.port)),
    ]);
    expect(expectOk(answered)).toHaveLength(1);
  });

  it('names the service when it is gone', async () => {
    const server = await start(createFakeEncoder());
    const remote = await connect(urlOf(server.port));
    await server.close(0);
    for (const failed of [
      await remote.encodeTexts(['dog']),
      await remote.encodeImages([Buffer.of(1)]),
      await createRemoteEncoder({ baseUrl: urlOf(server.port), timeoutMs: 5000 }),
    ]) {
      const { code, detail } = expectFailure(failed);
      expect(code).toBe('encoder_unavailable');
      expect(detail).toContain(urlOf(server.port));
    }
  });
});

describe('an answer that is none', () => {
  const page = '<!doctype html><title>Sign in</title>';
  it.each<[string, number, string | (() => Promise<string>)]>([
    ['a page', 200, page],
    ['half of one', 200, '{"model": {"id'],
    ['nothing', 200, ''],
    ['another JSON', 200, '{"results": []}'],
    ['null', 200, 'null'],
    ['a bug', 500, '{"code": "internal", "status": 500}'],
    ['a failed gateway', 502, page],
    ['a redirect', 302, ''],
    ['another service', 404, '{"code": "not_found", "detail": "Cannot find anything here"}'],
    ['too few texts', 200, () => answerOf({ texts: [] })],
    ['a text without a vector', 200, () => answerOf({ texts: [{ truncated: false }] })],
    ['a short vector', 200, () => answerOf({ texts: [textOf([0.6, 0.8])] })],
    ['a vector with NaN', 200, () => answerOf({ texts: [textOf(Array(64).fill(Number.NaN))] })],
    ['an endless number', 200, () => answerOf({ texts: [textOf(Array(64).fill(Infinity))] })],
  ])('is a failure of the encoder: %s', async (_, status, body) => {
    const text = typeof body === 'string' ? body : await body();
    const url = await misbehave(model, (_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end(text);
    });
    const remote = await connect(url);
    expect(expectFailure(await remote.encodeTexts(['dog'])).code).toBe('encoder_unavailable');
    expect(expectFailure(await remote.encodeImages([Buffer.of(1)])).code).toBe(
      'encoder_unavailable',
    );
  });

  it('is cut off when it has no end', async () => {
    const url = await misbehave(model, (_request, response) => {
      const more = () =>
        void (response.destroyed || response.write(Buffer.alloc(1_000_000, ' '), more));
      more();
    });
    const { code, detail } = expectFailure(await (await connect(url)).encodeTexts(['dog']));
    expect([code, detail]).toEqual(['encoder_unavailable', expect.stringContaining('no end')]);
  });

  it.each(['', '[]', page, '{"id": "x", "revision": "1", "dimensions": 0}'])(
    'is seen at the start: %s',
    async (body) => {
      const server = createServer((_, response) => response.end(body));
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const made = await createRemoteEncoder({ baseUrl: urlOf(port), timeoutMs: 5000 });
      expect(expectFailure(made).code).toBe('encoder_unavailable');
      server.closeAllConnections();
      server.close();
    },
  );

  function textOf(values: readonly number[]) {
    return { vector: vectorOf(values), truncated: false };
  }
});

describe('a service with another model', () => {
  it.each<Partial<ModelInfo>>([{ id: 'other' }, { revision: '2' }])(
    'is refused: %o',
    async (change) => {
      const url = await misbehave(model, async (_request, response) => {
        response.end(await answerOf({ model: change }));
      });
      const { code, detail } = expectFailure(await (await connect(url)).encodeTexts(['dog']));
      expect(code).toBe('model_mismatch');
      for (const value of ['fake', ...Object.values(change)]) expect(detail).toContain(value);
    },
  );

  it('is refused for its dimensions', async () => {
    const first = await start(createFakeEncoder());
    const remote = await connect(urlOf(first.port));
    await first.close(0);
    await start(createFakeEncoder({ dimensions: 32 }), {}, first.port);
    expect(expectFailure(await remote.encodeTexts(['dog'])).code).toBe('model_mismatch');
    const red = await pngOf(colours.red);
    expect(expectFailure(await remote.encodeImages([red])).code).toBe('model_mismatch');
  });

  it('may run on another device', async () => {
    const url = await misbehave(model, async (_request, response) => {
      response.end(await answerOf({ model: { device: 'cuda' } }));
    });
    expect((await (await connect(url)).encodeTexts(['dog'])).ok).toBe(true);
  });
});

describe('a request to an encoder elsewhere', () => {
  it('ends at its deadline, and the work there with it', async () => {
    const { encoder, stopped } = createWaiting();
    const remote = await connect(await serve(encoder), 300);
    expect(expectFailure(await remote.encodeTexts(['dog'])).code).toBe('timeout');
    await stopped;
  });

  it('does not wait to try again when its deadline comes first', async () => {
    const url = await misbehave(model, (_request, response) => response.destroy());
    const remote = await connect(url, 300);
    const { code } = expectFailure(await remote.encodeTexts(['dog']));
    expect(code).toBe('encoder_unavailable');
  });

  it('says why it waited when the caller has no time for another try', async () => {
    const busy = failure('overloaded', 'Cannot encode as it is busy', { retryAfterSeconds: 5 });
    const encodeTexts = async () => err(busy);
    const remote = await connect(await serve({ ...createFakeEncoder(), encodeTexts }));
    const failed = await remote.encodeTexts(['dog'], AbortSignal.timeout(300));
    expect(expectFailure(failed)).toEqual(busy);
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(), 300);
    const left = await remote.encodeTexts(['dog'], leaving.signal);
    expect(expectFailure(left).code).toBe('cancelled');
  });

  it('ends when the caller leaves, and the work there with it', async () => {
    const { encoder, started, stopped } = createWaiting();
    const remote = await connect(await serve(encoder));
    const leaving = new AbortController();
    const texts = Array.from({ length: 600 }, () => 'dog');
    const encoding = remote.encodeTexts(texts, leaving.signal);
    await started;
    leaving.abort();
    expect(expectFailure(await encoding).code).toBe('cancelled');
    await stopped;
  });

  it('ends when the encoder is closed meanwhile', async () => {
    const { encoder, started } = createWaiting();
    const remote = await connect(await serve(encoder));
    const encoding = remote.encodeTexts(['dog']);
    await started;
    await remote.close();
    expect(expectFailure(await encoding).code).toBe('encoder_unavailable');
  });

  it('ends with the first that fails, whatever the others would have been', async () => {
    const { encoder, stopped } = createWaiting();
    const broken = failure('encoder_unavailable', 'Cannot encode as the session is dead');
    const remote = await connect(
      await serve({
        ...encoder,
        encodeTexts: async (texts, signal) =>
          texts.length === 256 ? encoder.encodeTexts(texts, signal) : err(broken),
      }),
    );
    const texts = Array.from({ length: 257 }, () => 'dog');
    expect(expectFailure(await remote.encodeTexts(texts))).toMatchObject(broken);
    await stopped;
  });
});
